//! Contenders who take turns at the same work.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::Text;
use crate::results::Row;
use crate::stats::Spread;

/// One kind of work, and who does it. The first contender is heyan: all others are set in relation to it.
pub struct Group {
    /// One word for files and the command line.
    pub key: &'static str,
    /// What the work is.
    pub title: Text,
    /// What is counted.
    pub unit: Unit,
    /// In the order of the table.
    pub contenders: &'static [Contender],
    /// What must hold between them.
    pub bounds: &'static [Bound],
    /// Whether it is measured in a build for x86-64-v3 as well.
    pub with_v3: bool,
    /// Prepares them: calls [`Contest::enter`] for each.
    pub prepare: fn(&mut Contest),
}

/// Who does the work, in words.
#[derive(Clone, Copy)]
pub struct Contender {
    /// One word for files.
    pub key: &'static str,
    /// The crate, and what of it is called.
    pub name: Text,
    /// What it does and what it does not.
    pub note: Text,
}

/// What is counted of a piece of work.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Nanoseconds for each of what the words name.
    Nanoseconds(Text),
    /// How many of what the words name in a second.
    PerSecond(Text),
}

/// `slower` takes at least `least` times as long as `faster`.
#[derive(Clone, Copy)]
pub struct Bound {
    /// A contender.
    pub slower: &'static str,
    /// Another one.
    pub faster: &'static str,
    /// How many times as long.
    pub least: f64,
    /// The build it is about, as [`machine::build`](crate::machine::build) names it.
    pub build: &'static str,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Enough for a median that stays.
    Full,
    /// Just enough to see that everyone answers, and answers the same.
    Quick,
}

impl Mode {
    /// Whether there is to be another round after so many, and so much time.
    fn goes_on(self, unit: Unit, rounds: usize, since: Instant) -> bool {
        let enough = match unit {
            Unit::Nanoseconds(_) => Duration::from_secs(15),
            Unit::PerSecond(_) => Duration::from_secs(40),
        };
        match self {
            Self::Full => rounds < 11 || rounds < 101 && since.elapsed() < enough,
            Self::Quick => rounds < 1,
        }
    }

    /// How long a turn lasts, at least. Where there are threads it takes the system a while to have all of them run.
    const fn turn(self, unit: Unit) -> Duration {
        match (self, unit) {
            (Self::Full, Unit::Nanoseconds(_)) => Duration::from_millis(4),
            (Self::Full, Unit::PerSecond(_)) => Duration::from_millis(50),
            (Self::Quick, _) => Duration::ZERO,
        }
    }

    /// `full`, or `quick` in a hurry.
    #[must_use]
    pub const fn choose(self, full: usize, quick: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }
}

/// A group at work.
pub struct Contest {
    group: &'static Group,
    mode: Mode,
    expected: Option<Vec<u8>>,
    entered: Vec<Entered>,
}

struct Entered {
    contender: &'static Contender,
    /// How many operations of the unit one call of `work` does.
    operations: usize,
    work: Box<dyn FnMut()>,
    /// Calls of `work` in a turn.
    calls: usize,
    /// Nanoseconds for one operation, one for each round.
    samples: Vec<f64>,
}

impl Contest {
    /// Prepares the contenders of a group.
    ///
    /// # Panics
    /// When one gives another answer than the first, or does not enter.
    #[must_use]
    pub fn new(group: &'static Group, mode: Mode) -> Self {
        let mut contest = Self { group, mode, expected: None, entered: Vec::new() };
        (group.prepare)(&mut contest);
        let entered: Vec<_> = contest.entered.iter().map(|entered| entered.contender.key).collect();
        let listed: Vec<_> = group.contenders.iter().map(|contender| contender.key).collect();
        assert_eq!(entered, listed, "{}: who is listed must enter, in that order", group.key);
        contest
    }

    /// How much is measured.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Enters the contender `key`, who gave `answer`, and does `operations` of the unit in one call of `work`.
    ///
    /// # Panics
    /// When the answer is not that of the first contender, or no such contender is listed.
    pub fn enter(&mut self, key: &str, answer: Vec<u8>, operations: usize, work: impl FnMut() + 'static) {
        let group = self.group;
        let contender = group.contenders.iter().find(|contender| contender.key == key);
        let contender = contender.unwrap_or_else(|| panic!("{}: {key} is not listed", group.key));
        assert!(!answer.is_empty(), "{}: {key} gives no answer", group.key);
        let expected = self.expected.get_or_insert_with(|| answer.clone());
        assert!(answer == *expected, "{}: {key} answers otherwise than {}", group.key, group.contenders[0].key);
        let work = Box::new(work);
        self.entered.push(Entered { contender, operations, work, calls: 1, samples: Vec::new() });
    }

    /// Enters what is no contender and gives no answer, but shows what cannot be had for less.
    ///
    /// # Panics
    /// When it is not listed.
    pub fn enter_limit(&mut self, key: &str, operations: usize, work: impl FnMut() + 'static) {
        let answer = self.expected.clone().unwrap_or_default();
        self.enter(key, answer, operations, work);
    }

    /// All turns of all rounds.
    pub fn run(mut self) -> Vec<Row> {
        for entered in &mut self.entered {
            entered.calibrate(self.mode.turn(self.group.unit));
        }
        let start = Instant::now();
        let mut round = 0;
        while self.mode.goes_on(self.group.unit, round, start) {
            // Each has each predecessor in turn: what it leaves in the caches is nobody's burden alone.
            let count = self.entered.len();
            for at in 0..count {
                let entered = &mut self.entered[(at + round) % count];
                let took = entered.turn();
                entered.samples.push(took.as_secs_f64() * 1e9 / (entered.calls * entered.operations) as f64);
            }
            round += 1;
        }
        self.rows()
    }

    /// The ratio is that of the medians, which differs less from run to run than the median of the rounds' ratios; how it
    /// spreads is seen in the rounds, because a round's turns stood close together.
    fn rows(&self) -> Vec<Row> {
        let Some(first) = self.entered.first() else { return Vec::new() };
        let of_first = Spread::of(&first.samples).median;
        let row = |entered: &Entered| {
            let ratios: Vec<f64> = entered.samples.iter().zip(&first.samples).map(|(own, first)| own / first).collect();
            let nanoseconds = Spread::of(&entered.samples);
            Row {
                group: self.group.key.to_owned(),
                build: crate::machine::build().to_owned(),
                contender: entered.contender.key.to_owned(),
                nanoseconds,
                ratio: Spread { median: nanoseconds.median / of_first, ..Spread::of(&ratios) },
            }
        };
        self.entered.iter().map(row).collect()
    }
}

impl Entered {
    /// Finds how many calls fill a turn. These calls warm up as well.
    fn calibrate(&mut self, least: Duration) {
        loop {
            let took = self.turn();
            if took >= least || self.calls >= 1 << 30 {
                return;
            }
            let missing = least.as_secs_f64() / took.as_secs_f64().max(1e-9);
            self.calls = (self.calls as f64 * missing.clamp(1.2, 10.0)).ceil() as usize;
        }
    }

    fn turn(&mut self) -> Duration {
        let start = Instant::now();
        for _ in 0..self.calls {
            (self.work)();
        }
        start.elapsed()
    }
}

impl Bound {
    /// Says what is missing.
    ///
    /// # Errors
    /// When the bound does not hold, or one of the two was not measured.
    pub fn check(&self, rows: &BTreeMap<(&str, &str), &Row>) -> Result<(), String> {
        let of = |key| {
            let row = rows.get(&(self.build, key)).ok_or_else(|| format!("{key} ({}) was not measured", self.build))?;
            Ok::<_, String>(row.ratio.median)
        };
        let ratio = of(self.slower)? / of(self.faster)?;
        if ratio >= self.least {
            return Ok(());
        }
        let Self { slower, faster, least, build } = self;
        Err(format!("{slower} takes {ratio:.2} times as long as {faster} ({build}), bound {least}"))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::{Bound, Contender, Contest, Group, Mode, Unit};
    use crate::{same, text};

    const fn contender(key: &'static str) -> Contender {
        Contender { key, name: same(key), note: same("") }
    }

    static ONE: Group = Group {
        key: "one",
        title: text("one", "一"),
        unit: Unit::Nanoseconds(text("one", "一")),
        contenders: &[contender("heyan"), contender("other")],
        bounds: &[],
        with_v3: false,
        prepare: |contest| {
            contest.enter("heyan", vec![1], 1, || TURNS.with_borrow_mut(|turns| turns.push('h')));
            contest.enter("other", vec![1], 1, || TURNS.with_borrow_mut(|turns| turns.push('o')));
        },
    };

    thread_local! {
        static TURNS: RefCell<String> = const { RefCell::new(String::new()) };
    }

    #[test]
    fn everybody_gets_a_turn() {
        let rows = Contest::new(&ONE, Mode::Quick).run();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].ratio.median, 1.0);
        // Once to warm up, once to be timed.
        assert_eq!(TURNS.take(), "hoho");
    }

    #[test]
    #[should_panic(expected = "two: other answers otherwise than heyan")]
    fn another_answer_is_not_timed() {
        static TWO: Group = Group {
            key: "two",
            prepare: |contest| {
                contest.enter("heyan", vec![1], 1, || ());
                contest.enter("other", vec![2], 1, || ());
            },
            ..ONE
        };
        let _ = Contest::new(&TWO, Mode::Quick);
    }

    #[test]
    #[should_panic(expected = "three: who is listed must enter")]
    fn who_is_listed_enters() {
        static THREE: Group =
            Group { key: "three", prepare: |contest| contest.enter("heyan", vec![1], 1, || ()), ..ONE };
        let _ = Contest::new(&THREE, Mode::Quick);
    }

    #[test]
    fn bounds_are_held() {
        let mut rows = Contest::new(&ONE, Mode::Quick).run();
        rows[1].ratio.median = 15.0;
        let build = crate::machine::build();
        let rows = rows.iter().map(|row| ((build, row.contender.as_str()), row)).collect();
        let bound = |least| Bound { slower: "other", faster: "heyan", least, build };
        assert_eq!(bound(15.0).check(&rows), Ok(()));
        assert!(bound(15.1).check(&rows).unwrap_err().contains("15.00 times as long as heyan"));
        let gone = Bound { slower: "gone", ..bound(1.0) };
        assert!(gone.check(&rows).unwrap_err().contains("gone"));
    }
}
