//! `heyan quota add`: a package that was bought goes into the ledger.

use heyan::Date;
use heyan::policy::Package;

use super::{Account, QuotaWrong, Shown, are_digits, china, show};
use crate::output::{Exit, Out, Stop};
use crate::{Context, accounts, args};

pub(super) fn run(
    context: &Context,
    ledger: &std::path::Path,
    arguments: &args::QuotaAdd,
    out: &mut Out,
) -> Result<Exit, Stop> {
    let now = super::now(context)?;
    let account = Account::named(&arguments.account)?;
    let calls = arguments.calls.parse().ok().filter(|calls| *calls > 0).ok_or(QuotaWrong::Calls)?;
    let price = micro_yuan(&arguments.price).ok_or(QuotaWrong::Price)?;
    // "2019-05-24 - 2020-05-25" in the console is one year if the last day is not in it (document of `idcert`, read
    // 2026-11).
    let day = |text: &str| Date::parse_iso(text).and_then(china::midnight);
    let expires = day(&arguments.expires).ok_or(QuotaWrong::Expires)?;
    let bought = match &arguments.bought {
        Some(text) => day(text).filter(|bought| *bought <= now).ok_or(QuotaWrong::Bought)?,
        None => now,
    };
    if expires <= bought {
        return Err(QuotaWrong::ExpiresFirst.into());
    }
    let mut package = Package::new(calls, price, bought, expires);
    if let Some(used) = &arguments.used {
        package.used.billed = used.parse().ok().filter(|used| *used <= calls).ok_or(QuotaWrong::Used)?;
    }
    let ledger = accounts::ledger(ledger)?;
    let failed = super::failed(context);
    ledger.buy(&account.provider, &account.name, package).map_err(&failed)?;
    let shown = Shown::of(&ledger, &account, now, None).map_err(&failed)?;
    show::print(context, &[shown], out).map_err(Stop::output(Exit::Match))?;
    Ok(Exit::Match)
}

/// `38`, `38.5` or `0.38` as millionths of a yuan.
fn micro_yuan(text: &str) -> Option<u64> {
    let (yuan, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !are_digits(yuan) || !are_digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
    yuan.parse::<u64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(fraction)
        .filter(|price| i64::try_from(*price).is_ok())
}

#[cfg(test)]
mod tests {
    use super::micro_yuan;

    #[test]
    fn prices_are_exact() {
        for (text, price) in [("38", 38_000_000), ("38.5", 38_500_000), ("0.000001", 1), ("0", 0), ("3.80", 3_800_000)]
        {
            assert_eq!(micro_yuan(text), Some(price), "{text}");
        }
        for text in ["", ".5", "5.", "-1", "+1", "1,000", "1e3", "0.0000001", "99999999999999999999", "9999999999999"] {
            assert_eq!(micro_yuan(text), None, "{text}");
        }
    }
}
