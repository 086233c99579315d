//! Packages against a model gateway: what is left, what is raised and how often.

use heyan::policy::{Alert, Alerts, Class, Ending, Package, Quota, QuotaError, Usage};
use heyan::{Billing, Date, RefusalClass, Retry};
use proptest::prelude::*;

const DAY: u64 = 86_400_000;
/// 2026-11-22T00:00:00 in China.
const NOW: u64 = 1_795_276_800_000;

fn quota<const N: usize>(packages: &[(u32, u64)]) -> Quota<N> {
    let mut quota = Quota::new();
    for (calls, days) in packages {
        quota.buy(Package::new(*calls, 0, NOW, NOW + days * DAY), NOW).unwrap();
    }
    quota
}

const fn verdict(billing: Billing) -> Ending {
    Ending::new(Class::Match, billing, Retry::Never)
}

const BILLED: Ending = verdict(Billing::Billed);
const LOST: Ending = Ending::new(Class::TimedOut, Billing::Unknown, Retry::Never);
const UNREACHABLE: Ending = Ending::new(Class::Connect, Billing::Free, Retry::SameProvider);

fn list(alerts: Alerts) -> Vec<Alert> {
    alerts.iter().collect()
}

#[test]
fn now_is_what_it_says() {
    assert_eq!(Date::from_unix_seconds((NOW / 1000) as i64), Date::new(2026, 11, 22));
    assert_eq!(Date::from_unix_seconds((NOW / 1000) as i64 - 1), Date::new(2026, 11, 21));
}

#[test]
fn what_expires_first_is_used_first() {
    let mut quota = quota::<3>(&[(2, 300), (2, 100), (2, 200)]);
    let mut left = |ending| {
        quota.ended(NOW, ending);
        quota.packages().iter().map(Package::left).collect::<Vec<_>>()
    };
    assert_eq!(left(UNREACHABLE), [2, 2, 2]);
    assert_eq!(left(BILLED), [2, 1, 2]);
    assert_eq!(left(LOST), [2, 0, 2]);
    assert_eq!(left(BILLED), [2, 0, 1]);
    assert_eq!(left(BILLED), [2, 0, 0]);
    assert_eq!(left(LOST), [1, 0, 0]);
    assert_eq!(left(BILLED), [0, 0, 0]);
    // More than there was is counted all the same.
    assert_eq!(left(BILLED), [0, 0, 0]);
    assert_eq!(quota.elsewhere(), Usage { billed: 1, possibly: 0 });
    assert_eq!(quota.used(), Usage { billed: 5, possibly: 2 });
    assert_eq!(quota.used().sum(), 7);
}

#[test]
fn what_has_expired_is_not_used() {
    let mut quota = quota::<2>(&[(10, 1), (10, 3)]);
    let last = NOW + DAY - 1;
    quota.ended(last, BILLED);
    assert_eq!((quota.left(last).total, quota.left(last).calls), (20, 19));
    quota.ended(last + 1, LOST);
    let left = quota.left(last + 1);
    assert_eq!((left.total, left.calls, left.possibly), (10, 9, 1));
    assert_eq!(quota.left(NOW + 3 * DAY).total, 0);
}

#[test]
fn a_call_that_may_have_been_billed_is_settled_later() {
    let mut quota = quota::<1>(&[(3, 300)]);
    quota.count(NOW, Billing::Unknown);
    quota.count(NOW, Billing::Unknown);
    assert_eq!(quota.left(NOW).calls, 1);
    assert!(quota.settle(Billing::Billed));
    assert_eq!((quota.left(NOW).calls, quota.left(NOW).possibly), (1, 1));
    assert!(quota.settle(Billing::Unknown));
    assert_eq!((quota.left(NOW).calls, quota.left(NOW).possibly), (1, 1));
    assert!(quota.settle(Billing::Free));
    assert_eq!((quota.left(NOW).calls, quota.left(NOW).possibly), (2, 0));
    assert!(!quota.settle(Billing::Billed));
    assert_eq!(quota.used(), Usage { billed: 1, possibly: 0 });
    // Those that no package covered, too.
    let mut none = Quota::<1>::new();
    none.count(NOW, Billing::Unknown);
    // Who names no package is not told that none is left.
    assert!(none.check(NOW).is_empty());
    assert!(none.settle(Billing::Billed));
    assert_eq!(none.elsewhere(), Usage { billed: 1, possibly: 0 });
}

#[test]
fn a_fifth_left_and_nothing_left_are_each_said_once() {
    let mut quota = quota::<2>(&[(5, 300), (5, 200)]);
    let alerts: Vec<_> = (0..12).map(|_| list(quota.ended(NOW, BILLED))).collect();
    // Of all packages together, not of one.
    let mut expected = vec![vec![]; 12];
    expected[7] = vec![Alert::Low];
    expected[9] = vec![Alert::Empty];
    assert_eq!(alerts, expected);
    assert_eq!(list(quota.raised()), [Alert::Low, Alert::Empty]);
}

#[test]
fn what_may_have_been_billed_counts_for_alerts() {
    let mut quota = quota::<1>(&[(10, 300)]);
    let raised: Vec<_> =
        (0..10).flat_map(|at| list(quota.ended(NOW, LOST)).into_iter().map(move |a| (at, a))).collect();
    assert_eq!(raised, [(7, Alert::Low), (9, Alert::Empty)]);
    // Given back it is not said again: the alert stands.
    assert!(quota.settle(Billing::Free));
    assert!(quota.check(NOW).is_empty());
    assert!(quota.ended(NOW, BILLED).is_empty());
}

#[test]
fn a_package_that_expires_in_seven_days_is_said_once() {
    let mut quota = quota::<3>(&[(5, 30), (5, 10), (0, 10)]);
    assert!(quota.check(NOW + 3 * DAY - 1).is_empty());
    assert_eq!(list(quota.check(NOW + 3 * DAY)), [Alert::Expiring]);
    assert!(quota.check(NOW + 4 * DAY).is_empty());
    assert_eq!(list(quota.check(NOW + 23 * DAY)), [Alert::Expiring]);
    assert_eq!(quota.packages().iter().map(|package| package.expiry_raised).collect::<Vec<_>>(), [true, true, false]);
    // When the last has expired there is nothing left.
    assert_eq!(list(quota.check(NOW + 30 * DAY)), [Alert::Empty]);
    // One that is used up may expire in peace.
    let mut used_up = self::quota::<1>(&[(1, 10)]);
    assert_eq!(list(used_up.ended(NOW, BILLED)), [Alert::Low, Alert::Empty]);
    assert!(used_up.check(NOW + 9 * DAY).is_empty());
}

#[test]
fn the_gateway_s_own_word_is_passed_on_once() {
    for class in [RefusalClass::QuotaExhausted, RefusalClass::Subscription] {
        let refused = Ending::new(Class::Refused(class), Billing::Free, Retry::OtherProvider);
        let mut quota = quota::<2>(&[(10, 300)]);
        assert_eq!(list(quota.ended(NOW, refused)), [Alert::Refused]);
        assert!(quota.ended(NOW, refused).is_empty());
        assert!(quota.refused().is_empty());
        assert_eq!(quota.left(NOW).calls, 10);
        quota.buy(Package::new(10, 0, NOW, NOW + 300 * DAY), NOW).unwrap();
        assert_eq!(list(quota.ended(NOW, refused)), [Alert::Refused]);
        quota.readmit();
        assert_eq!(list(quota.ended(NOW, refused)), [Alert::Refused]);
    }
    let mut quota = quota::<1>(&[(10, 300)]);
    for class in RefusalClass::ALL {
        if !matches!(class, RefusalClass::QuotaExhausted | RefusalClass::Subscription) {
            let refused = Ending::new(Class::Refused(class), Billing::Free, class.retry());
            assert!(quota.ended(NOW, refused).is_empty(), "{class}");
        }
    }
}

#[test]
fn buying_takes_back_what_no_longer_holds() {
    let mut quota = quota::<3>(&[(10, 300)]);
    (0..10).for_each(|_| _ = quota.ended(NOW, BILLED));
    // Two of twelve are still few: that was said.
    quota.buy(Package::new(2, 0, NOW, NOW + 300 * DAY), NOW).unwrap();
    assert_eq!(list(quota.raised()), [Alert::Low]);
    assert!(quota.check(NOW).is_empty());
    quota.buy(Package::new(90, 0, NOW, NOW + 300 * DAY), NOW).unwrap();
    assert_eq!(list(quota.raised()), []);
    let alerts: Vec<_> = (0..92).flat_map(|_| list(quota.ended(NOW, BILLED))).collect();
    assert_eq!(alerts, [Alert::Low, Alert::Empty]);
}

#[test]
fn an_expired_package_makes_room() {
    let mut quota = quota::<2>(&[(10, 300), (10, 5)]);
    quota.ended(NOW, BILLED);
    quota.ended(NOW, LOST);
    let package = Package::new(7, 0, NOW, NOW + 300 * DAY);
    assert_eq!(quota.buy(package, NOW), Err(QuotaError::Full));
    assert!(!QuotaError::Full.to_string().is_empty());
    assert_eq!(quota.buy(package, NOW + 5 * DAY), Ok(()));
    assert_eq!(quota.packages().iter().map(|package| package.calls).collect::<Vec<_>>(), [10, 7]);
    assert_eq!(quota.used(), Usage { billed: 1, possibly: 1 });
}

#[test]
fn what_was_stored_comes_back() {
    let mut quota = quota::<2>(&[(5, 300), (5, 6)]);
    quota.check(NOW);
    (0..9).for_each(|_| _ = quota.ended(NOW, BILLED));
    let raised = Alerts::from_bits(quota.raised().bits());
    let mut again = Quota::<2>::restored(quota.packages(), quota.elsewhere(), raised).unwrap();
    assert!(again.check(NOW).is_empty());
    assert_eq!((again.left(NOW), again.used()), (quota.left(NOW), quota.used()));
    assert_eq!(list(again.ended(NOW, BILLED)), [Alert::Empty]);
    assert_eq!(Quota::<1>::restored(quota.packages(), Usage::NONE, Alerts::NONE).err(), Some(QuotaError::Full));
    assert_eq!(list(Alerts::from_bits(0xFF)), [Alert::Low, Alert::Expiring, Alert::Empty, Alert::Refused]);
    assert_eq!(Alerts::from_bits(0xF0), Alerts::NONE);
    for alert in Alerts::from_bits(0xFF).iter() {
        assert_eq!(alert.word(), format!("{alert:?}").to_lowercase());
    }
}

#[test]
fn the_day_it_runs_out() {
    let date = |day: u8| Date::new(2026, 11, 22 + day);
    let quota = quota::<3>(&[(20, 5), (100, 3), (0, 300)]);
    // 100 within three days are lost in part; 20 then last for two of two.
    assert_eq!(quota.runs_out(NOW, 10), date(5));
    // 100 in two days, 20 in less than one.
    assert_eq!(quota.runs_out(NOW, 50), date(2));
    assert_eq!(quota.runs_out(NOW, 40), date(3));
    assert_eq!(quota.runs_out(NOW, u32::MAX), date(0));
    // Nobody asks: they expire.
    assert_eq!(quota.runs_out(NOW, 0), date(5));
    assert_eq!(quota.runs_out(NOW + 5 * DAY, 10), None);
    assert_eq!(Quota::<1>::new().runs_out(NOW, 1), None);
    let mut for_ever = Quota::<1>::new();
    for_ever.buy(Package::new(1, 0, 0, u64::MAX), NOW).unwrap();
    assert_eq!(for_ever.runs_out(NOW, 0), None);
    assert_eq!(for_ever.runs_out(NOW, 1), date(1));
}

#[test]
fn a_price_per_call_is_rounded_up() {
    let price = |calls, price| Package::new(calls, price, 0, 0).price_per_call();
    assert_eq!(price(100, 38_000_000), 380_000);
    assert_eq!(price(3, 10), 4);
    assert_eq!(price(1, 0), 0);
    assert_eq!(price(0, 10), u32::MAX);
    assert_eq!(price(1, u64::MAX), u32::MAX);
}

#[derive(Clone, Debug)]
enum Event {
    Pass(u64),
    /// An attempt; where nobody knows, whether the gateway billed it.
    Attempt(Ending, bool),
    Settle,
    Buy(u32, u64),
}

fn any_event() -> impl Strategy<Value = Event> {
    let refused = |class: RefusalClass| Ending::new(Class::Refused(class), Billing::Free, class.retry());
    let ending = prop_oneof![
        5 => Just(BILLED),
        2 => Just(LOST),
        1 => Just(UNREACHABLE),
        1 => Just(refused(RefusalClass::QuotaExhausted)),
    ];
    prop_oneof![
        1 => (0..20 * DAY).prop_map(Event::Pass),
        9 => (ending, any::<bool>()).prop_map(|(ending, billed)| Event::Attempt(ending, billed)),
        1 => Just(Event::Settle),
        1 => (1u32..20, 1u64..60).prop_map(|(calls, days)| Event::Buy(calls, days)),
    ]
}

proptest! {
    #[test]
    fn the_count_is_never_below_the_gateway_s(events in proptest::collection::vec(any_event(), 1..120)) {
        let mut quota = quota::<8>(&[(10, 40)]);
        let mut now = NOW;
        // What the gateway knows, and what it billed of the calls that nobody here knows of.
        let mut billed = 0u32;
        let mut unknown: Vec<bool> = Vec::new();
        let mut raised: Vec<Alert> = Vec::new();
        for event in events {
            let new = match event {
                Event::Pass(time) => {
                    now += time;
                    quota.check(now)
                }
                Event::Attempt(ending, was_billed) => {
                    match ending.billing() {
                        Billing::Billed => billed += 1,
                        Billing::Free => {}
                        Billing::Unknown => {
                            billed += u32::from(was_billed);
                            unknown.push(was_billed);
                        }
                    }
                    quota.ended(now, ending)
                }
                Event::Settle => {
                    let known = unknown.pop();
                    let billing = if known == Some(true) { Billing::Billed } else { Billing::Free };
                    prop_assert_eq!(quota.settle(billing), known.is_some());
                    quota.check(now)
                }
                Event::Buy(calls, days) => {
                    if quota.buy(Package::new(calls, 0, now, now + days * DAY), now).is_ok() {
                        raised.retain(|alert| *alert == Alert::Expiring || quota.raised().contains(*alert));
                    }
                    quota.check(now)
                }
            };
            prop_assert!(quota.used().sum() >= billed);
            prop_assert!(quota.used().billed <= billed);
            prop_assert_eq!(quota.used().possibly as usize, unknown.len());
            let left = quota.left(now);
            prop_assert!(left.calls <= left.total);
            for alert in new.iter() {
                let times = raised.iter().filter(|old| **old == alert).count();
                // One for each package that expires, one of the others.
                prop_assert!(alert == Alert::Expiring || times == 0, "{alert:?} twice");
                raised.push(alert);
            }
            let expiring = quota.packages().iter().filter(|package| package.expiry_raised).count();
            prop_assert!(raised.iter().filter(|alert| **alert == Alert::Expiring).count() <= 100 && expiring <= 8);
            prop_assert_eq!(left.calls == 0, left.calls == 0 && raised.contains(&Alert::Empty));
            prop_assert!(left.calls * 5 > left.total || left.total == 0 || raised.contains(&Alert::Low));
            prop_assert!(quota.check(now).is_empty(), "said twice");
        }
    }
}
