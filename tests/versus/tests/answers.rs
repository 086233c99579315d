//! Everyone who is measured gives heyan's answers, and what the READMEs show was measured.

use heyan_versus::contest::{Contest, Mode};
use heyan_versus::results::Results;
use heyan_versus::{groups, pages};

#[test]
fn everyone_answers_the_same() {
    for group in groups::ALL {
        // Who answers otherwise ends it.
        let rows = Contest::new(group, Mode::Quick).run();
        assert_eq!(rows.len(), group.contenders.len(), "{}", group.key);
        assert!(rows.iter().all(|row| row.nanoseconds.median > 0.0), "{}: someone took no time", group.key);
    }
}

#[test]
fn what_grows_is_measured() {
    for growth in groups::GROWTH {
        let points = (growth.measure)(Mode::Quick);
        for column in growth.columns {
            assert!(points.iter().any(|point| point.column == column.key), "{}: no {}", growth.key, column.key);
        }
    }
}

#[test]
fn the_pages_show_the_results() {
    let results = Results::read(&pages::results()).expect("the file of results");
    pages::check(&results).unwrap();
    for group in groups::ALL {
        results.check_bounds(group).unwrap();
    }
}
