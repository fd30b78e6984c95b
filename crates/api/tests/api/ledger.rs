//! `/api/v1/ledger`.

use serde_json::json;

use crate::fixture::{app, get};

#[tokio::test]
async fn the_books_are_open() {
    let app = app().await;
    let body = get(&app, "/api/v1/ledger?source=agent&limit=14").await.ok();
    assert_eq!(body["coverage"]["ratio"], 0.99);
    assert_eq!(body["latest"].as_array().unwrap().len(), 1);
    assert_eq!(
        body["latest"][0]["rows"],
        json!([{
            "stage": "hook",
            "unit": "packets",
            "seen": 1500,
            "passed": 1497,
            "withheld": [{"reason": "ring_full", "count": 3}, {"reason": "unwanted", "count": 0}],
            "imbalance": 0,
        }])
    );
    assert_eq!(body["history"].as_array().unwrap().len(), 14);
    let next = body["cursor"].as_str().unwrap();
    let rest = get(&app, &format!("/api/v1/ledger?source=agent&cursor={next}")).await.ok();
    assert_eq!(rest["history"][0]["at"], "2023-11-14T22:13:20Z");
    assert_eq!(rest["cursor"], json!(null));
}

#[tokio::test]
async fn the_store_keeps_books_of_its_own_and_says_what_a_restart_loses() {
    let body = get(&app().await, "/api/v1/ledger?source=store").await.ok();
    assert_eq!(body["latest"][0]["source"], "store");
    assert!(body["latest"][0]["rows"].as_array().unwrap().iter().all(|row| row["imbalance"] == 0));
    assert_eq!(body["store"]["durability"], "memory");
    assert_eq!((&body["store"]["points"]["rows"], &body["store"]["exchanges"]["rows"]), (&json!(540), &json!(900)));
    assert_eq!(body["store"]["exchanges"]["oldest"], "2023-11-14T22:13:20.5Z");
}
