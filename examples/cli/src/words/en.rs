//! English.

use std::io::ErrorKind;

use heyan::policy::Class;
use heyan::{Billing, CredentialError, EndpointError, IdNumberError, MobileError, NameError, RefusalClass, Retry};
use heyan_std::ledger::LedgerError;

use super::{Label, Lang, Words, reason};
use crate::body::BodyKind;
use crate::usage::Usage;
use crate::wrong::{Value, Wrong};

pub(super) struct English;

impl Words for English {
    fn wrong(&self, wrong: &Wrong) -> String {
        match wrong {
            Wrong::Usage(usage) => self.usage(usage),
            Wrong::UnknownProvider => {
                format!("there is no such provider: give one of {} to --provider.", super::help::slugs(", "))
            }
            Wrong::ProviderTwice(slug) => format!("{slug} stands twice in the failover order: name each provider once."),
            Wrong::NotUtf8(value) => format!("the {} is not UTF-8 text: enter it again as UTF-8.", self.value(*value)),
            Wrong::StdinEnded(value) => format!(
                "standard input has no line for the {}: with - after {}, give one line each for name, identity number and \
                 mobile number, in this order.",
                self.value(*value),
                value.option()
            ),
            Wrong::LineTooLong(value) => {
                format!("the line of the {} on standard input is too long: give one value a line.", self.value(*value))
            }
            Wrong::Name(error) => match error {
                NameError::Empty => "the name is empty: give it to --name.".to_owned(),
                NameError::OuterSpace => "the name has white space around it: remove it or add --lenient.".to_owned(),
                NameError::TooLong => "the name has more than 50 characters: give the name alone to --name.".to_owned(),
                NameError::Masked => "the name is masked by a star: give it in full.".to_owned(),
                NameError::Invisible => {
                    "the name holds a line break, a control character or something invisible: type it instead of pasting it."
                        .to_owned()
                }
                _ => "the name lost a character in a conversion: enter it again in the right encoding.".to_owned(),
            },
            Wrong::Id { error, lenient_helps } => {
                let what = match error {
                    IdNumberError::Length => "the identity number has neither 18 nor 15 characters",
                    IdNumberError::Character => "the identity number holds something other than digits (only the 18th may be X)",
                    IdNumberError::Region => "the identity number begins with no province's code",
                    IdNumberError::BirthDate => {
                        "the identity number has a birth date that does not exist or lies before 1800 (digits 7 to 14)"
                    }
                    IdNumberError::BirthDateInFuture => {
                        "the identity number has a birth date after today (digits 7 to 14; is the clock right?)"
                    }
                    _ => "the identity number does not fit its check character, so a digit is wrong or two are swapped",
                };
                let hint = if *lenient_helps {
                    "remove spaces, hyphens and full-width characters, or add --lenient"
                } else {
                    "compare --id with the card"
                };
                format!("{what}: {hint}.")
            }
            Wrong::Mobile(error) => match error {
                MobileError::Length => "the mobile number has not 11 digits: give all of them to --mobile.".to_owned(),
                MobileError::Character => {
                    "the mobile number holds something other than digits: give its 11 digits or add --lenient.".to_owned()
                }
                _ => "the mobile number is none of mainland China: it must begin with 13 to 19.".to_owned(),
            },
            Wrong::MobileMissing(slug) => {
                format!("{slug} checks three factors: give the mobile number to --mobile, or ask a two-factor provider.")
            }
            Wrong::MobileNotChecked(slug) => format!(
                "{slug} checks name and identity number only, so a match would say nothing about the mobile number: \
                 leave out --mobile, or ask three-factor providers only."
            ),
            Wrong::CredentialsMissing => {
                "there are no credentials: set HEYAN_APPCODE, or HEYAN_APPKEY and HEYAN_APPSECRET, or HEYAN_VENDOR_KEY in the \
                 environment (or for one provider the same with its name behind, like HEYAN_APPCODE_IDCERT; or with _FILE behind, \
                 naming a file), or add --sandbox to try without."
                    .to_owned()
            }
            Wrong::CredentialsSeveral => {
                "more than one kind of credentials is set, and the wrong account could be charged: keep HEYAN_APPCODE, or \
                 HEYAN_APPKEY with HEYAN_APPSECRET, or HEYAN_VENDOR_KEY, and unset the others."
                    .to_owned()
            }
            Wrong::CredentialHalf { missing } => format!("{missing} is not set: an AppKey needs its AppSecret, so set both."),
            Wrong::CredentialTwice(variable) => format!("{variable} and {variable}_FILE are both set: keep one."),
            Wrong::CredentialNotUtf8(variable) => format!("{variable} is no text: copy it from the console again."),
            Wrong::CredentialFile { variable, kind } => {
                let reason = reason::io(Lang::En, *kind);
                format!("the file that {variable} names cannot be read ({reason}): check path and permissions.")
            }
            Wrong::Credential { variable, error } => match error {
                CredentialError::Empty => format!("{variable} is empty: copy the credential from the console."),
                CredentialError::TooLong => {
                    format!("{variable} is too long for a credential: copy it from the console again.")
                }
                CredentialError::Character { at } => format!(
                    "{variable} holds a line break, white space or a character outside ASCII (byte {}): copy the credential \
                     from the console again, and nothing around it.",
                    at + 1
                ),
                _ => format!("{variable} is no credential: copy it from the console again."),
            },
            Wrong::VendorKeyNotTaken(slug) => format!(
                "{slug} does not take HEYAN_VENDOR_KEY: set HEYAN_APPCODE, or HEYAN_APPKEY and HEYAN_APPSECRET instead."
            ),
            Wrong::VendorKeyNeedsAddress => {
                "HEYAN_VENDOR_KEY may only go to the vendor's own platform: give its address to --base-url.".to_owned()
            }
            Wrong::BaseUrl(error) => match error {
                EndpointError::Scheme => "--base-url is no web address: begin it with https://.".to_owned(),
                EndpointError::Insecure => {
                    "--base-url is plain http, where everybody on the way can read names, numbers and credentials: use https, \
                     or for tests on loopback add --insecure-http."
                        .to_owned()
                }
                EndpointError::Host => {
                    "--base-url names no valid host: write https://host or https://host:port.".to_owned()
                }
                EndpointError::Port => "the port of --base-url is wrong: give 1 to 65535.".to_owned(),
                _ => "the path of --base-url is too long or holds a query or the like: give scheme and host, at most a path."
                    .to_owned(),
            },
            Wrong::InsecureNotNeeded => "--insecure-http does not go with an https address: leave it out.".to_owned(),
            Wrong::BaseUrlPath => {
                "a --base-url with a path fits one provider only: leave out the path, or name one --provider.".to_owned()
            }
            Wrong::CaUnreadable { path, kind } => {
                let reason = reason::io(Lang::En, *kind);
                format!("the file {} after --ca cannot be read ({reason}): check path and permissions.", path.display())
            }
            Wrong::CaInvalid(path) => format!(
                "the file {} after --ca holds no certificate that could be trusted: give the CA's certificate in PEM.",
                path.display()
            ),
            Wrong::Timeout => {
                "--timeout is no number of seconds above 0 and up to 3600: write 5 or 0.5, for example.".to_owned()
            }
            Wrong::Batch(wrong) => crate::batch::wrong_words(Lang::En, wrong),
            Wrong::Ledger(error) => {
                let reason = reason::ledger(Lang::En, error);
                format!("the file after --ledger cannot be used ({reason}): correct that or give another path.")
            }
            Wrong::ConsentMissing => {
                "nothing says that the person agreed: show them the authorisation first, then run this with --consent.".to_owned()
            }
            Wrong::ConsentDeclined => "no consent, so nothing was sent: ask the person first.".to_owned(),
            Wrong::SandboxWith(option) => {
                format!("--sandbox already says who is asked, so {option} cannot stand beside it: leave one of them out.")
            }
            Wrong::NoNumbers => "there is no number: give some as arguments, or one a line on standard input.".to_owned(),
            Wrong::NumbersUnreadable { path, kind } => {
                let reason = reason::io(Lang::En, *kind);
                format!("the file {} cannot be read ({reason}): check path and permissions.", path.display())
            }
            Wrong::Status => "--status is no HTTP status: give a number from 100 to 999.".to_owned(),
            Wrong::Header(at) => format!("--header number {at} is malformed: write 'Name: value'."),
            Wrong::ReplyTooLong => {
                "standard input has more than 64 KiB, which is no reply: paste one reply and nothing else.".to_owned()
            }
            Wrong::StdinUnreadable(kind) => {
                let reason = reason::io(Lang::En, *kind);
                format!("standard input cannot be read ({reason}): pipe or redirect something into it.")
            }
            Wrong::Timestamp => "--timestamp is no Unix time in milliseconds: write 1767225600000, for example.".to_owned(),
            Wrong::Nonce => "--nonce is no UUID: give 36 characters, 8-4-4-4-12 hexadecimal digits.".to_owned(),
            Wrong::NothingSigned => {
                "--timestamp and --nonce belong to signed requests: set HEYAN_APPKEY and HEYAN_APPSECRET, or leave both out."
                    .to_owned()
            }
            Wrong::NoJson => "heyan sandbox prints no JSON: leave out --json and read its line that begins with ready.".to_owned(),
            Wrong::Exposed => {
                "other machines would reach this address, and the simulated gateway keeps nobody out: use 127.0.0.1 or [::1] \
                 with --listen, or add --expose-to-network."
                    .to_owned()
            }
            Wrong::Quota(wrong) => super::quota::wrong(Lang::En, wrong),
            Wrong::Refused(reason) => format!("the request was refused before it was sent ({reason}): correct that first."),
        }
    }

    fn usage(&self, usage: &Usage) -> String {
        match usage {
            Usage::Command => {
                "no command was given, or an unknown one: use verify, check, batch, explain, request, providers, sandbox, or quota with add, reconcile or nothing behind it; see heyan --help."
                    .to_owned()
            }
            Usage::Option(Some(name)) => format!("there is no option {name}: see heyan COMMAND --help."),
            Usage::Option(None) => "an option is unknown: see heyan COMMAND --help.".to_owned(),
            Usage::Stray => {
                "a value belongs to no option: put it behind its option, see heyan COMMAND --help.".to_owned()
            }
            Usage::Missing(names) => format!("missing: {names}; add what is missing, see heyan COMMAND --help."),
            Usage::NoValue(name) => format!("{name} has no value: add it."),
            Usage::Value(name) => format!("the value of {name} is not one it takes: see heyan COMMAND --help."),
            Usage::Conflict(name) => format!("{name} stands twice or beside an option that excludes it: keep one."),
            Usage::NotUtf8 => "an argument is not UTF-8 text: enter it again as UTF-8.".to_owned(),
            Usage::Other => "the command line is wrong: see heyan --help.".to_owned(),
        }
    }

    fn value(&self, value: Value) -> &'static str {
        match value {
            Value::Name => "name",
            Value::Id => "identity number",
            Value::Mobile => "mobile number",
        }
    }

    fn simulated(&self) -> &'static str {
        "SIMULATED: "
    }

    fn simulated_note(&self) -> &'static str {
        "A simulated gateway answered: nobody was verified and nothing was charged."
    }

    fn sandbox_idle(&self) -> &'static str {
        "this command asks nobody, so --sandbox changes nothing."
    }

    fn headline(&self, class: Class, mobile: bool) -> &'static str {
        match class {
            Class::Match if mobile => "MATCH: name, identity number and mobile number belong to one person.",
            Class::Match => "MATCH: name and identity number belong to one person.",
            Class::Mismatch if mobile => {
                "MISMATCH: name, identity number and mobile number do not belong to one person."
            }
            Class::Mismatch => "MISMATCH: name and identity number do not belong to one person.",
            Class::NoRecord => "NO RECORD: the register has no usable record, which is neither a match nor a mismatch.",
            Class::Refused(class) => match class {
                RefusalClass::Credentials => "REFUSED: the credentials are not accepted; no verdict.",
                RefusalClass::QuotaExhausted => "REFUSED: the package is used up; no verdict.",
                RefusalClass::Subscription => "REFUSED: the subscription has expired or is not in order; no verdict.",
                RefusalClass::Throttled => "REFUSED: too many requests at a time; no verdict.",
                RefusalClass::AttemptLimit => "REFUSED: this person was asked for too often; no verdict.",
                RefusalClass::BadInput => {
                    "REFUSED: the provider does not take the name or the number as given; no verdict."
                }
                RefusalClass::Busy => "REFUSED: the provider is busy or under maintenance; no verdict.",
                RefusalClass::Configuration => {
                    "REFUSED: account, permission or request is not set up for this; no verdict."
                }
                _ => "REFUSED: the provider declined for a reason that it does not explain; no verdict.",
            },
            Class::NotJson => "ERROR: the reply is no JSON; no verdict.",
            Class::TooDeep => "ERROR: the reply nests too deep; no verdict.",
            Class::NoVerdict => "ERROR: the reply carries no verdict that can be trusted.",
            Class::EchoContradicts => "ERROR: the reply is about another number, so it must not be used.",
            Class::Protocol => "ERROR: what came is no complete HTTP reply; no verdict.",
            Class::TooLong => "ERROR: the reply is too long; no verdict.",
            Class::Connect => "ERROR: no connection to the provider; no verdict.",
            Class::Tls => "ERROR: the peer did not prove who it is (TLS); no verdict.",
            Class::TimedOut => "ERROR: no whole reply came in time; no verdict.",
            Class::Dns => "ERROR: the host name cannot be resolved; no verdict.",
            _ => "ERROR: the connection broke; no verdict.",
        }
    }

    fn billing(&self, billing: Billing) -> &'static str {
        match billing {
            Billing::Billed => "one call was taken off the package",
            Billing::Free => "nothing was charged",
            Billing::Unknown => "not known; count one call as possibly charged",
        }
    }

    fn next(&self, class: Class, billing: Billing) -> &'static str {
        match class {
            Class::Match => "nothing; the verification is complete.",
            Class::Mismatch => {
                "compare name and number with the card; asking again with a correction is a new, charged call."
            }
            Class::NoRecord => {
                "this says nothing against the person (moves between households, soldiers, changed names, expired cards): ask \
                 for papers and verify in another way."
            }
            Class::Refused(class) => match class {
                RefusalClass::Credentials => {
                    "have the owner of the account check AppCode, AppKey and AppSecret; a fresh purchase takes about 30 seconds."
                }
                RefusalClass::QuotaExhausted => {
                    "have the owner of the account buy calls, which work after about 30 seconds; or ask another provider."
                }
                RefusalClass::Subscription => {
                    "have the owner of the account renew it or settle what is due; or ask another provider."
                }
                RefusalClass::Throttled => "pause a moment, ask again, and ask less often.",
                RefusalClass::AttemptLimit => "do not ask for this person again today.",
                RefusalClass::BadInput => "compare name and number with the card; do not ask again unchanged.",
                RefusalClass::Busy => "ask again in a few minutes, or ask another provider.",
                RefusalClass::Configuration => {
                    "have the owner of the account check authorisation, permission and address; or ask another provider."
                }
                _ => {
                    "ask the vendor what the code means, quoting the reference if there is one; or ask another provider."
                }
            },
            _ => match (class, billing) {
                (Class::Tls, _) => {
                    "do not work around this check: look at the clock, --base-url and --ca; somebody may pose as the provider."
                }
                (_, Billing::Unknown) => {
                    "look into the console's list of usage whether this call was charged before asking again."
                }
                (Class::Dns, _) => "check the network, the name server and --base-url, then ask again.",
                (Class::Connect, _) => "check the network, the port, the firewall and --base-url, then ask again.",
                (Class::TimedOut | Class::Channel, _) => "the request did not leave: ask again.",
                (Class::EchoContradicts, _) => {
                    "do not use this reply; tell the vendor, quoting the reference if there is one."
                }
                _ => "tell the vendor, quoting the reference if there is one; or ask another provider.",
            },
        }
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::Asked => "asked",
            Label::Cost => "cost",
            Label::Next => "next",
            Label::Reference => "reference",
            Label::Code => "code",
            Label::Details => "details",
            Label::Sex => "sex",
            Label::BirthDate => "birth date",
            Label::Age => "age",
            Label::Address => "address",
            Label::Province => "province",
            Label::City => "city",
            Label::County => "county",
            Label::Fields => "field by field",
            Label::Headers => "the gateway's headers",
            Label::Body => "body",
        }
    }

    fn colon(&self) -> &'static str {
        ": "
    }

    fn comma(&self) -> &'static str {
        ", "
    }

    fn male(&self) -> &'static str {
        "male"
    }

    fn female(&self) -> &'static str {
        "female"
    }

    fn quote_reference(&self) -> &'static str {
        " (quote it to the vendor)"
    }

    fn attempt(&self, provider: &str, ending: &str, billing: Billing, next: &str) -> String {
        format!("{provider}: {ending} ({}); asking {next} instead.", self.billing(billing))
    }

    fn last_attempt(&self, provider: &str, ending: &str, billing: Billing, retry: Retry) -> String {
        let retry = match retry {
            Retry::Never => "no further attempt",
            Retry::SameProvider => "no other provider is left; this one may be asked again after a pause",
            Retry::OtherProvider => "no other provider is left",
        };
        format!("{provider}: {ending} ({}); {retry}.", self.billing(billing))
    }

    fn authorisation(&self, name: &str, id: &str, mobile: Option<&str>, vendors: &str) -> String {
        let mobile = mobile.map(|mobile| format!(" and the mobile number {mobile}")).unwrap_or_default();
        format!(
            "Before a verification the person must be shown an authorisation (个人信息授权书) and agree. It must say:\n\
             - that the name {name}, the identity number {id}{mobile} go to {vendors} and its partners to be compared;\n\
             - for what purpose, and who collects, keeps and uses them;\n\
             - what disadvantages may follow, and that it cannot be revoked once given."
        )
    }

    fn consent_question(&self) -> &'static str {
        "Has the person seen the authorisation and agreed? [y/N] "
    }

    fn valid(&self) -> &'static str {
        "valid"
    }

    fn invalid(&self) -> &'static str {
        "invalid"
    }

    fn reason(&self, reason: &str) -> &'static str {
        match reason {
            "length" => "neither 18 nor 15 characters",
            "character" => "holds characters that are not allowed",
            "region" => "begins with no province's code",
            "birth_date" => "birth date does not exist, lies before 1800 or after today",
            _ => "does not fit its check character",
        }
    }

    fn type_numbers(&self) -> &'static str {
        "type one number a line, then Ctrl-D."
    }

    fn explained_note(&self) -> &'static str {
        "This only explains the reply: nobody was asked, and nobody compared whom the reply is about."
    }

    fn body(&self, kind: BodyKind) -> &'static str {
        match kind {
            BodyKind::Object => "a JSON object",
            BodyKind::Empty => {
                "empty: so it is when the gateway itself declines; the reason is in the headers, give them with --header"
            }
            BodyKind::Html => "a web page, no JSON: a proxy, a login page or a firewall answered, not the vendor",
            BodyKind::NotUtf8 => "not UTF-8 text: compressed perhaps, or in another encoding",
            BodyKind::OtherJson => "JSON, but no object: every vendor's reply is an object",
            BodyKind::Text => "text that is no JSON",
        }
    }

    fn hidden(&self, characters: usize) -> String {
        format!("({characters} characters, --reveal shows them)")
    }

    fn unknown_field(&self) -> &'static str {
        "not in the vendor's document"
    }

    fn nested(&self) -> &'static str {
        "(holds more)"
    }

    fn gateway_code(&self) -> &'static str {
        "the gateway's error code: the gateway declined, the vendor was not asked"
    }

    fn gateway_message(&self) -> &'static str {
        "the gateway's error message: the gateway declined, the vendor was not asked"
    }

    fn gateway_request_id(&self) -> &'static str {
        "the gateway's number of this request; quote it to support"
    }

    fn masked_request(&self) -> &'static str {
        "name, numbers and credentials are masked, so this cannot be sent as it stands; --reveal shows them."
    }

    fn unsigned_request(&self) -> &'static str {
        "this is not signed: the signature is computed over the real values with HEYAN_APPSECRET; set the credentials and add \
         --reveal for a request that can be sent."
    }

    fn providers_head(&self) -> [&'static str; 7] {
        ["slug", "vendor", "factors", "method", "address", "price", "product page"]
    }

    fn factors(&self, mobile: bool) -> &'static str {
        if mobile { "name + ID + mobile (3)" } else { "name + ID (2)" }
    }

    fn price(&self) -> &'static str {
        "HTTP 200-299: one call; else free"
    }

    fn output_failed(&self, kind: ErrorKind) -> String {
        let reason = reason::io(Lang::En, kind);
        format!("the result cannot be written ({reason}): check the disk and where the output goes.")
    }

    fn sandbox_failed(&self, reason: &str) -> String {
        format!("the simulated gateway did not start ({reason}): take another port, or check where --ca-out leads.")
    }

    fn ledger_failed(&self, error: &LedgerError) -> String {
        let reason = reason::ledger(Lang::En, error);
        format!("the ledger takes no entry ({reason}), and without one nothing is sent: correct that first.")
    }

    fn nobody_to_ask(&self) -> &'static str {
        "every provider given said today that it was asked for this person too often, so nothing was sent: ask again tomorrow."
    }

    fn no_clock(&self) -> &'static str {
        "the system clock stands before 1970: set it first."
    }

    fn no_randomness(&self) -> &'static str {
        "the operating system gave no random bytes: give a --nonce."
    }
}
