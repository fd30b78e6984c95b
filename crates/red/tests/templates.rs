//! Path templates of a service: learning, bounds, and hostile paths.

use std::collections::BTreeSet;

use geophone_red::template::{Config, MAX_DEPTH, MAX_TEMPLATE_BYTES, Templates};
use proptest::prelude::*;

fn templates(max_literals: usize, max_first_literals: usize, max_positions: usize) -> Templates {
    let mut config = Config::default();
    (config.max_literals, config.max_first_literals, config.max_positions) =
        (max_literals, max_first_literals, max_positions);
    Templates::new(config)
}

#[test]
fn one_literal_too_many_makes_a_position_variable_for_all_of_them() {
    let mut templates = templates(3, 100, 100);
    for name in ["ann", "bob", "cyd"] {
        assert_eq!(templates.template(&format!("/users/{name}/posts")), format!("/users/{name}/posts"));
    }
    assert_eq!(templates.template("/users/dee/posts"), "/users/{var}/posts");
    assert_eq!(templates.template("/users/ann/posts"), "/users/{var}/posts");
    assert_eq!(templates.template("/users/42/posts"), "/users/{id}/posts", "a placeholder by looks says more");
    assert_eq!(templates.template("/teams/ann"), "/teams/ann", "another prefix is another position");
}

#[test]
fn below_a_variable_position_learning_goes_on() {
    let mut templates = templates(2, 100, 100);
    for user in ["a", "b", "c"] {
        templates.template(&format!("/u/{user}"));
    }
    for tag in ["x", "y"] {
        assert_eq!(templates.template(&format!("/u/d/{tag}")), format!("/u/{{var}}/{tag}"));
    }
    assert_eq!(templates.template("/u/e/z"), "/u/{var}/{var}");
}

#[test]
fn names_before_an_extension_are_learned_too() {
    let mut templates = templates(2, 100, 100);
    for number in 0..2 {
        assert_eq!(templates.template(&format!("/f/{number}.e{number}")), format!("/f/{{id}}.e{number}"));
    }
    assert_eq!(templates.template("/f/2.e2"), "/f/{var}", "extensions are the peer's choice as well");
}

#[test]
fn the_first_position_has_a_cap_of_its_own() {
    let mut templates = templates(1, 2, 100);
    templates.template("/a");
    assert_eq!(templates.template("/b"), "/b");
    assert_eq!(templates.template("/c"), "/{var}");
}

#[test]
fn a_path_that_does_not_teach_leaves_nothing() {
    let mut templates = templates(1, 1, 100);
    let mut out = String::new();
    for path in ["/wp-admin", "/phpmyadmin", "/.git/config"] {
        out.clear();
        let lesson = templates.append(path, false, &mut out);
        assert_eq!((&*out, lesson.positions_learned, lesson.forgotten), (path, 0, false));
    }
    assert_eq!(templates.memory_bytes(), 0);
}

#[test]
fn when_memory_is_full_paths_are_templated_by_looks() {
    let mut templates = templates(1, 1, 1);
    assert_eq!(templates.template("/a"), "/a");
    let mut out = String::new();
    assert!(templates.append("/a/b/7", true, &mut out).forgotten);
    assert_eq!(out, "/a/b/{id}");
}

#[test]
fn learning_gives_memory_back() {
    let mut templates = templates(50, 100, 10_000);
    for name in 0..50 {
        templates.template(&format!("/users/n{name}x/a/b/c"));
    }
    let full = templates.memory_bytes();
    templates.template("/users/last/a/b/c");
    assert!(templates.memory_bytes() * 20 < full, "{} of {full}", templates.memory_bytes());
}

#[test]
fn odd_targets_have_templates() {
    let mut templates = templates(30, 100, 2_048);
    for (path, expected) in [
        ("", ""),
        ("/", "/"),
        ("*", "*"),
        ("//", "//"),
        ("/users/", "/users/"),
        ("example.com:443", "example.com:443"),
        ("10.0.0.1", "{ip}"),
        ("http://example.com/a/1", "http://example.com/a/{id}"),
    ] {
        assert_eq!(templates.template(path), expected);
    }
}

#[test]
fn deep_and_long_paths_end_in_the_rest() {
    let mut templates = templates(30, 100, 2_048);
    assert_eq!(templates.template(&"/a".repeat(MAX_DEPTH)), "/a".repeat(MAX_DEPTH));
    assert_eq!(templates.template(&"/a".repeat(5_000)), format!("{}/{{rest}}", "/a".repeat(MAX_DEPTH)));
    let long = format!("/{}", "x".repeat(60)).repeat(8);
    assert_eq!(templates.template(&long), format!("{}/{{rest}}", &long[..3 * 61]));
}

proptest! {
    #[test]
    fn any_text_has_a_bounded_template(
        paths in prop::collection::vec("[/a-z0-9{}%;:@._-]{0,300}|\\PC{0,200}", 1..40),
        literals in 1_usize..4,
    ) {
        let mut templates = templates(literals, literals, 64);
        for path in &paths {
            let template = templates.template(path);
            prop_assert!(template.len() <= MAX_TEMPLATE_BYTES);
            prop_assert!(template.matches('/').count() <= path.matches('/').count());
            prop_assert!(template.matches('/').count() <= MAX_DEPTH + 1);
            prop_assert_eq!(template.matches('{').count(), template.matches('}').count());
        }
    }

    /// The naive reading of the rule, for literals that look like nothing and one position below one prefix.
    #[test]
    fn learning_is_counting_distinct_literals(names in prop::collection::vec("[g-z]{1,2}", 1..60), cap in 1_usize..8) {
        let mut templates = templates(cap, 100, 1_000);
        let mut seen = BTreeSet::new();
        for name in &names {
            seen.insert(name);
            let expected = if seen.len() > cap { "/p/{var}".to_owned() } else { format!("/p/{name}") };
            prop_assert_eq!(templates.template(&format!("/p/{name}")), expected);
        }
    }
}
