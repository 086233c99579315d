//! Pictures of the groups: bars as long as the times are, in the colours of whatever page they stand on.

use std::fmt::Write;

use crate::contest::{Group, Unit};
use crate::results::Results;
use crate::stats::honest;
use crate::table::{built, ordered, shown};

const WIDTH: usize = 760;
const NAMES: usize = 310;
const NUMBERS: usize = 70;
const BAR: usize = 16;
const STEP: usize = 24;
const TOP: usize = 30;

/// The picture of a group, as SVG. Both languages share it, so it has the contenders' names and the unit for words.
#[must_use]
pub fn picture(results: &Results, group: &Group) -> String {
    let rows = ordered(results, group);
    let longest = rows.iter().map(|(.., row)| shown(group.unit, row)).fold(f64::MIN_POSITIVE, f64::max);
    let height = TOP + STEP * rows.len() + 6;
    let unit = match group.unit {
        Unit::Nanoseconds(each) => format!("ns per {}", each.en),
        Unit::PerSecond(each) => format!("{} per second", each.en),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>{}</title>\n<style>\n\
         text {{ font: 13px system-ui, sans-serif; fill: #1f2328 }}\n\
         .unit {{ fill: #59636e }}\n.bar {{ fill: #8c959f }}\n.own {{ fill: #0969da }}\n\
         @media (prefers-color-scheme: dark) {{\n  text {{ fill: #f0f6fc }}\n  .unit {{ fill: #9198a1 }}\n  \
         .bar {{ fill: #656c76 }}\n  .own {{ fill: #4493f8 }}\n}}\n</style>\n\
         <text class=\"unit\" x=\"{}\" y=\"18\">{}</text>\n",
        escaped(group.title.en),
        NAMES + 10,
        escaped(&unit),
    );
    for (at, (name, _, row)) in rows.iter().enumerate() {
        let value = shown(group.unit, row);
        let room = (WIDTH - NAMES - 10 - NUMBERS) as f64;
        // What is measured is never nothing.
        let length = (value / longest * room).max(1.0);
        let y = TOP + STEP * at;
        let class = if name.starts_with("heyan") { "own" } else { "bar" };
        let _ = write!(
            svg,
            "<text x=\"{NAMES}\" y=\"{}\" text-anchor=\"end\">{}</text>\n\
             <rect class=\"{class}\" x=\"{}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\"/>\n\
             <text x=\"{:.1}\" y=\"{}\">{}</text>\n",
            y + 13,
            escaped(&format!("{name}{}", built(row))),
            NAMES + 10,
            (NAMES + 16) as f64 + length,
            y + 13,
            honest(value),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// For the text of an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::picture;
    use crate::groups;
    use crate::results::{Results, Row};
    use crate::stats::Spread;

    #[test]
    fn bars_are_as_long_as_the_times() {
        let row = |contender: &str, nanoseconds: f64| Row {
            group: "numbers".to_owned(),
            build: "x86_64".to_owned(),
            contender: contender.to_owned(),
            nanoseconds: Spread { low: 0.0, median: nanoseconds, high: 0.0 },
            ratio: Spread { low: 1.0, median: 1.0, high: 1.0 },
        };
        let results = Results { rows: vec![row("heyan", 5.0), row("cinv", 50.0)], ..Results::default() };
        let picture = picture(&results, groups::ALL[0]);
        assert!(picture.contains("class=\"own\" x=\"320\" y=\"30\" width=\"37.0\""), "{picture}");
        assert!(picture.contains("class=\"bar\" x=\"320\" y=\"54\" width=\"370.0\""), "{picture}");
        assert!(picture.contains("prefers-color-scheme: dark") && !picture.contains('`'));
    }
}
