//! Positions that turn out to be variable.

use super::{MAX_DEPTH, MAX_TEMPLATE_BYTES, REST, VARIABLE, segment};

/// When a position is variable, and how much may be remembered to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Most literals at a position; one more, and it is variable.
    pub max_literals: usize,
    /// The same for the first position of a path.
    pub max_first_literals: usize,
    /// Most positions that are remembered for a service. When they are all taken, further paths teach nothing.
    pub max_positions: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_literals: 30, max_first_literals: 100, max_positions: 2_048 }
    }
}

/// The templates of one service.
///
/// ```
/// use geophone_red::template::{Config, Templates};
///
/// let mut templates = Templates::new(Config::default());
/// assert_eq!(templates.template("/users/42/avatar.png"), "/users/{id}/avatar.png");
///
/// let names: Vec<String> = ('a'..='z').flat_map(|a| ('a'..='c').map(move |b| format!("{a}{b}na"))).collect();
/// for name in &names {
///     templates.template(&format!("/friends/{name}"));
/// }
/// assert_eq!(templates.template("/friends/zora"), "/friends/{var}");
/// ```
#[derive(Debug, Default)]
pub struct Templates {
    config: Config,
    root: Position,
    /// Positions below the root.
    positions: usize,
    /// Bytes of the literals.
    text_bytes: usize,
}

/// What a path has taught.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lesson {
    /// Positions that are variable from now on. Templates from before may differ from those that the same paths have now.
    pub positions_learned: u64,
    /// Whether there was no room to remember the path.
    pub forgotten: bool,
}

/// What is known of a place in a path, below one template of all that is in front of it.
#[derive(Debug, Default)]
struct Position {
    variable: bool,
    /// How many of the children are literals.
    literals: usize,
    /// Sorted by segment, so that there is no hash that a peer could aim at. Their number is bounded by the literals'
    /// cap and the few placeholders.
    children: Vec<Child>,
}

#[derive(Debug)]
struct Child {
    segment: Box<str>,
    position: Position,
}

impl Templates {
    /// Templates of a service of which nothing is known yet.
    pub fn new(config: Config) -> Self {
        Self { config, ..Self::default() }
    }

    /// The template of a path, which is learned from.
    pub fn template(&mut self, path: &str) -> String {
        let mut template = String::new();
        self.append(path, true, &mut template);
        template
    }

    /// Appends the template of `path`, and learns from it if it `teaches`: a path that the service does not have (404)
    /// should not.
    pub fn append(&mut self, path: &str, teaches: bool, out: &mut String) -> Lesson {
        let Self { config, root, positions, text_bytes } = self;
        let mut memory = Memory { config, positions, text_bytes, teaches, lesson: Lesson::default() };
        let start = out.len();
        let mut here = Some(root);
        let segments = match path.strip_prefix('/') {
            Some(path) => {
                out.push('/');
                path
            }
            None => path,
        };
        for (depth, segment) in segments.split('/').enumerate() {
            if depth > 0 {
                out.push('/');
            }
            let mark = out.len();
            if depth == MAX_DEPTH {
                out.push_str(REST);
                break;
            }
            let literal = segment::append(segment, out);
            if let Some(position) = here.take() {
                here = memory.descend(position, depth, literal, mark, out);
            }
            if out.len() - start > MAX_TEMPLATE_BYTES - 1 - REST.len() {
                out.truncate(mark);
                out.push_str(REST);
                break;
            }
        }
        memory.lesson
    }

    /// Bytes that are held, estimated.
    pub fn memory_bytes(&self) -> usize {
        self.positions * size_of::<Child>() + self.text_bytes
    }
}

/// What a walk down the positions may change.
struct Memory<'a> {
    config: &'a Config,
    positions: &'a mut usize,
    text_bytes: &'a mut usize,
    teaches: bool,
    lesson: Lesson,
}

impl Memory<'_> {
    /// From a position to the one below the segment that stands at `out[mark..]`, which is replaced where the position is
    /// variable. `None` where nothing is known of what is below.
    fn descend<'p>(
        &mut self,
        position: &'p mut Position,
        depth: usize,
        literal: bool,
        mark: usize,
        out: &mut String,
    ) -> Option<&'p mut Position> {
        if literal && position.variable {
            out.truncate(mark);
            out.push_str(VARIABLE);
        }
        let mut place = position.place(&out[mark..]);
        if let Err(vacant) = place
            && self.teaches
        {
            let counts = literal && !position.variable;
            let cap = if depth == 0 { self.config.max_first_literals } else { self.config.max_literals }.max(1);
            if counts && position.literals >= cap {
                self.forget_literals(position);
                out.truncate(mark);
                out.push_str(VARIABLE);
                place = position.place(VARIABLE).or_else(|vacant| self.remember(position, vacant, VARIABLE, false));
            } else {
                place = self.remember(position, vacant, &out[mark..], counts);
            }
        }
        let child = position.children.get_mut(place.ok()?)?;
        Some(&mut child.position)
    }

    /// Adds a child at its place, if there is room.
    fn remember(&mut self, position: &mut Position, at: usize, segment: &str, literal: bool) -> Result<usize, usize> {
        if *self.positions >= self.config.max_positions {
            self.lesson.forgotten = true;
            return Err(at);
        }
        *self.positions += 1;
        *self.text_bytes += segment.len();
        position.literals += usize::from(literal);
        position.children.insert(at, Child { segment: segment.into(), position: Position::default() });
        Ok(at)
    }

    /// Makes a position variable: its literals, and what was below them, give way. Below `{var}`, learning begins anew.
    fn forget_literals(&mut self, position: &mut Position) {
        self.lesson.positions_learned += 1;
        position.variable = true;
        position.literals = 0;
        position.children.retain(|child| {
            let keep = segment::is_placeholder(&child.segment);
            if !keep {
                child.position.for_each_below(&mut |segment| {
                    *self.positions -= 1;
                    *self.text_bytes -= segment.len();
                });
                *self.positions -= 1;
                *self.text_bytes -= child.segment.len();
            }
            keep
        });
    }
}

impl Position {
    /// Where the child is, or where it would have to be.
    fn place(&self, segment: &str) -> Result<usize, usize> {
        self.children.binary_search_by(|child| (*child.segment).cmp(segment))
    }

    /// Visits all segments below; no deeper than [`MAX_DEPTH`].
    fn for_each_below(&self, visit: &mut impl FnMut(&str)) {
        for child in &self.children {
            visit(&child.segment);
            child.position.for_each_below(visit);
        }
    }
}
