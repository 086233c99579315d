//! Everyone who is measured gives heyan's answers, and what the READMEs show was measured.

use std::process::Command;

use heyan_versus::contest::{Contest, Mode};
use heyan_versus::growth::Point;
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
    let mut results = heap();
    for growth in groups::GROWTH {
        if let Some(measure) = growth.time {
            results.add(growth, measure(Mode::Quick));
        }
        for column in growth.columns {
            let of = |(key, point): &(String, Point)| key == growth.key && point.column == column.key;
            assert!(results.growth.iter().any(of), "{}: no {}", growth.key, column.key);
        }
    }
}

#[test]
fn more_connections_hold_more() {
    let results = heap();
    for column in ["http", "https"] {
        let of = |(key, point): &&(String, Point)| key == "connections" && point.column == column;
        let points: Vec<_> = results.growth.iter().filter(of).map(|(_, point)| (point.at, point.value)).collect();
        let counts: Vec<u64> = points.iter().map(|(at, _)| *at).collect();
        assert_eq!(counts, [0, 1, 8, 64]);
        // Each has memory for the longest reply, which is 64 KiB.
        let least = |pair: &[(u64, f64)]| pair[0].1 + 65_536.0 * (pair[1].0 - pair[0].0) as f64;
        assert!(points.windows(2).all(|pair| pair[1].1 > least(pair)), "{column}: {points:?}");
    }
}

/// What heyan-versus-heap prints: the allocator that counts would be this program's if it measured that itself.
fn heap() -> Results {
    let output = Command::new(env!("CARGO_BIN_EXE_heyan-versus-heap")).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Results::of_text(&String::from_utf8(output.stdout).expect("text")).expect("results")
}

#[test]
fn the_pages_show_the_results() {
    let results = Results::read(&pages::results()).expect("the file of results");
    pages::check(&results).unwrap();
    for group in groups::ALL {
        results.check_bounds(group).unwrap();
    }
    for growth in groups::GROWTH {
        results.check_growth(growth).unwrap();
    }
}
