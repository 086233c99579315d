//! Query and form parameters: percent-decoding, strictly.

use super::fault::Fault;
use percent_encoding::percent_decode;
use std::borrow::Cow;

/// Decoded parameters in the order in which they came.
pub(crate) type Params<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Where the text to decode stood, which decides how a fault is worded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    Body,
}

impl Place {
    fn fault(self, reason: &'static str) -> Fault {
        match self {
            Self::Query => Fault::BadUri(reason),
            Self::Body => Fault::BadBody(reason),
        }
    }
}

/// Decodes `a=b&c=d`. `+` is a space in both places: the gateway's and the vendors' decoders are Java's, which do not tell
/// them apart.
pub(crate) fn decode(encoded: &[u8], place: Place) -> Result<Params<'_>, Fault> {
    let mut params = Vec::with_capacity(4);
    for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode_one(halves.next().unwrap_or_default(), place)?;
        let value = decode_one(halves.next().unwrap_or_default(), place)?;
        params.push((name, value));
    }
    Ok(params)
}

fn decode_one(encoded: &[u8], place: Place) -> Result<Cow<'_, str>, Fault> {
    for (index, byte) in encoded.iter().enumerate() {
        match byte {
            0x80.. => return Err(place.fault("raw non-ASCII byte, percent-encode it")),
            0..=b' ' | 0x7f => return Err(place.fault("raw space or control character, percent-encode it")),
            b'%' => {
                let hex = encoded.get(index + 1..index + 3).unwrap_or_default();
                if hex.len() != 2 || !hex.iter().all(u8::is_ascii_hexdigit) {
                    return Err(place.fault("`%` without two hexadecimal digits"));
                }
            }
            _ => {}
        }
    }
    let undecodable = || place.fault("not UTF-8 after percent-decoding");
    if encoded.contains(&b'+') {
        let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        return percent_decode(&spaced)
            .decode_utf8()
            .map(|text| Cow::Owned(text.into_owned()))
            .map_err(|_| undecodable());
    }
    percent_decode(encoded).decode_utf8().map_err(|_| undecodable())
}

/// The first value of a name; names are case-sensitive.
pub(crate) fn first<'p>(params: &'p Params<'_>, name: &str) -> Option<&'p str> {
    params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
}

#[cfg(test)]
mod tests {
    use super::{Place, decode, first};
    use crate::gateway::fault::Fault;

    #[test]
    fn decodes_and_keeps_order() {
        let params = decode(b"name=%E5%BC%A0%e4%b8%89&idcard=1+2%2B&empty=&bare", Place::Body).unwrap();
        assert_eq!(first(&params, "name"), Some("张三"));
        assert_eq!(first(&params, "idcard"), Some("1 2+"));
        assert_eq!(first(&params, "empty"), Some(""));
        assert_eq!(first(&params, "bare"), Some(""));
        assert_eq!(first(&params, "Name"), None);
    }

    #[test]
    fn refuses_what_a_client_must_not_send() {
        for bad in
            ["name=张三", "name=a b", "name=%", "name=%4", "name=%zz", "name=%ff%fe", "name=%ED%A0%80", "name=a\tb"]
        {
            assert!(matches!(decode(bad.as_bytes(), Place::Query), Err(Fault::BadUri(_))), "{bad}");
            assert!(matches!(decode(bad.as_bytes(), Place::Body), Err(Fault::BadBody(_))), "{bad}");
        }
    }
}
