//! The pass: every trap by name, and small spaces whole.

use super::*;

#[test]
fn a_vendors_reply_stays_as_it_is() {
    assert_eq!(normalized(REPLY).as_deref(), Ok(REPLY));
    for plain in ["0", "-1.5e+3", "true", "false", "null", "\"\"", "[]", "{}", " [ 1 , { \"a\" : [ ] } ] \r\n\t"] {
        assert_eq!(normalized(plain).as_deref(), Ok(plain));
    }
}

#[test]
fn a_byte_order_mark_is_dropped_once() {
    assert_eq!(normalized(format!("\u{FEFF}{REPLY}")).as_deref(), Ok(REPLY));
    assert_eq!(normalized("\u{FEFF}\"\\u0041\"").as_deref(), Ok("\"A\""));
    for body in ["\u{FEFF}", "\u{FEFF}\u{FEFF}{}", "{}\u{FEFF}", " \u{FEFF}{}"] {
        refused(body);
    }
    refused(b"\xEF\xBB{}");
    refused(b"\xFE\xFF{}");
    string_becomes("\u{FEFF}", "\u{FEFF}");
}

#[test]
fn an_empty_body_is_refused() {
    for body in ["", " ", "\r\n\t "] {
        refused(body);
    }
}

#[test]
fn unicode_escapes_become_text() {
    string_becomes(r"\u6210\u529f", "成功");
    string_becomes(r"\u6210\u529F!", "成功!");
    string_becomes(r"a\u0041b\u00e9c\u4e00d", "aAbéc一d");
    string_becomes(r"\/\u002f\/", "///");
    string_becomes(r"\u007f\u0080\u07ff\u0800\uffff", "\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}");
}

#[test]
fn a_surrogate_pair_becomes_one_character() {
    string_becomes(r"\ud842\udfb7", "𠮷");
    string_becomes(r"\uD800\uDC00\uDBFF\uDFFF", "\u{10000}\u{10FFFF}");
    assert_eq!(
        normalized(r#"{"ignored":"\ud842\udfb7\u7530","code":"1"}"#).as_deref(),
        Ok(r#"{"ignored":"𠮷田","code":"1"}"#)
    );
}

#[test]
fn a_lone_surrogate_is_refused() {
    for text in [
        r"\ud842",
        r"\udfb7",
        r"\ud842x",
        r"\ud842\n",
        r"\ud842\u0041",
        r"\ud842\ud842",
        r"\udfb7\ud842",
        r"\ud842\udfb",
        r"\ud842\\udfb7",
        r"\ud842 \udfb7",
    ] {
        refused(format!("\"{text}\""));
    }
}

#[test]
fn text_that_needs_an_escape_keeps_one() {
    string_becomes(r"\u0022\u005c\u005C", r#"\"\\\\"#);
    string_becomes(r"\u0008\u0009\u000a\u000c\u000d\u000A", r"\b\t\n\f\r\n");
    string_becomes(r"\u0000\u001f\u001F\u000b", r"\u0000\u001f\u001F\u000b");
    string_becomes(r#"\"\\\b\f\n\r\t"#, r#"\"\\\b\f\n\r\t"#);
    // What looks like an escape behind an escaped backslash is text.
    string_becomes(r"\\u0041\\\u0041", r"\\u0041\\A");
    string_becomes(r"\u005cu0041", r"\\u0041");
}

#[test]
fn a_bad_escape_is_refused() {
    for text in [
        r"\u+041",
        r"\u-041",
        r"\u 041",
        r"\u0_41",
        r"\u004",
        r"\u",
        r"\u004g",
        r"\u{41}",
        r"\U0041",
        r"\x41",
        r"\'",
        r"\a",
        r"\0",
        r"\ ",
        r"\é",
        r"\u００４１",
    ] {
        refused(format!("\"{text}\""));
        refused(format!("{{\"ignored\":\"{text}\"}}"));
    }
    for body in [r#""\"#, r#""\""#, r#""\u"#, r#""\u00"#, r#""\u0041"#, r#""\ud842\u"#] {
        refused(body);
    }
}

#[test]
fn every_single_escape() {
    for byte in 0..=0xFF {
        let result = normalized([b'"', b'\\', byte, b'"']);
        match byte {
            b'/' => assert_eq!(result.unwrap(), "\"/\""),
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => {
                assert_eq!(result.unwrap().as_bytes(), [b'"', b'\\', byte, b'"']);
            }
            _ => assert_eq!(result, Err(NotJson), "{byte:#x}"),
        }
    }
}

#[test]
fn every_code_unit() {
    for unit in 0..=0xFFFF_u32 {
        let escape = format!("\"{}\\u{unit:04x}{}\"", "x".repeat(unit as usize % 5), "y".repeat(unit as usize % 11));
        match char::from_u32(unit) {
            Some(_) => {
                let text = normalized(&escape).unwrap();
                assert_eq!(
                    serde_json::from_str::<String>(&text).unwrap(),
                    serde_json::from_str::<String>(&escape).unwrap()
                );
                assert_eq!(text.contains('\\'), unit < 0x20 || unit == 0x22 || unit == 0x5C, "{escape}");
            }
            None => assert_eq!(normalized(&escape), Err(NotJson), "{escape}"),
        }
    }
}

#[test]
fn every_character_beyond_16_bits() {
    for character in ('\u{10000}'..=char::MAX).step_by(257) {
        let mut units = [0; 2];
        character.encode_utf16(&mut units);
        string_becomes(&format!("\\u{:04X}\\u{:04x}", units[0], units[1]), &character.to_string());
    }
}

/// The word-wise search looks at eight bytes at once: each byte value at each place of a word,
/// with plain and with suspicious neighbours.
#[test]
fn every_byte_at_every_place_of_a_string() {
    for filler in [b'a', b' ', b'!', b'#', b'[', b']', 0x7F] {
        for place in 0..20 {
            for byte in 0..=0xFF {
                let mut body = [filler; 22];
                body[0] = b'"';
                body[21] = b'"';
                body[place + 1] = byte;
                same_as_serde_json(&body);
            }
        }
    }
}

#[test]
fn raw_control_characters_are_refused() {
    for control in 0..0x20 {
        refused([b'"', control, b'"']);
        refused([b'{', b'"', b'a', control, b'"', b':', b'1', b'}']);
    }
    string_becomes("\u{7F}\u{80}", "\u{7F}\u{80}");
}

#[test]
fn invalid_utf8_is_refused() {
    let cases: [&[u8]; 10] = [
        b"\xFF",
        b"\x80",
        b"\xC0\x80",
        b"\xC3",
        b"\xE6\x88",
        b"\xED\xA0\x80",
        b"\xF4\x90\x80\x80",
        b"\xF0\x80\x80\x80",
        b"\xE6\x88\"",
        b"\xB3\xC9\xB9\xA6",
    ];
    for bytes in cases {
        refused([b"\"", bytes, b"\""].concat());
        refused([b"\"12345678", bytes, b"12345678\""].concat());
        refused([b"{\"", bytes, b"\":1}"].concat());
        refused([b"[1]", bytes].concat());
        refused(bytes);
    }
}

/// One check at the end of the pass covers text into which characters were put.
#[test]
fn an_escape_cannot_complete_or_hide_invalid_utf8() {
    let broken: [&[u8]; 6] = [b"\xE6\x88", b"\xE6", b"\x90", b"\x88\x90", b"\xF0\xA0\xAE", b"\xC3"];
    let escapes: [&[u8]; 7] = [b"\\u0090", b"\\u6210", b"\\ud842\\udfb7", b"\\/", b"\\u0041", b"\\n", b"\\u0022"];
    for bytes in broken {
        for escape in escapes {
            refused([b"\"", bytes, escape, b"\""].concat());
            refused([b"\"", escape, bytes, b"\""].concat());
            refused([b"\"", escape, bytes, escape, b"\""].concat());
            refused([b"\"", bytes, escape, bytes, b"\""].concat());
        }
    }
}

#[test]
fn eight_containers_may_be_open_but_not_nine() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]"), ("{\"a\":[", "]}")] {
        let levels = open.matches(['[', '{']).count();
        for depth in (levels..=16).step_by(levels) {
            let body = format!("{}1{}", open.repeat(depth / levels), close.repeat(depth / levels));
            let expected = if depth <= 8 { Ok(body.clone()) } else { Err(TooDeep) };
            assert_eq!(normalized(&body), expected, "{body}");
        }
    }
    assert_eq!(normalized("[[[[[[[[]]]]]]]]").as_deref(), Ok("[[[[[[[[]]]]]]]]"));
    assert_eq!(normalized("[[[[[[[[[]]]]]]]]]"), Err(TooDeep));
    assert_eq!(normalized("[[[[[[[[{}]]]]]]]]"), Err(TooDeep));
    // Side by side is not deep.
    assert!(normalized(format!("[{}[]]", "[[[[[[[1]]]]]]],".repeat(50))).is_ok());
    // Brackets in strings are text.
    string_becomes("[[[[[[[[[[{{{{", "[[[[[[[[[[{{{{");
}

#[test]
fn a_long_run_of_brackets_is_refused_at_the_ninth() {
    assert_eq!(normalized("[".repeat(100_000)), Err(TooDeep));
    assert_eq!(normalized("{\"a\":".repeat(20_000)), Err(TooDeep));
}

#[test]
fn text_behind_the_value_is_refused() {
    for tail in ["x", "{}", ",", "]", "}", "\0", "\u{a0}", "\u{b}", "\u{c}", "//", "\"\""] {
        for value in ["{}", "[1]", "\"a\"", "true", "{\"a\":1} "] {
            refused(format!("{value}{tail}"));
        }
    }
    assert!(normalized("{} \r\n\t ").is_ok());
}

#[test]
fn other_white_space_is_refused() {
    for space in ["\u{b}", "\u{c}", "\u{85}", "\u{a0}", "\u{2028}", "\u{3000}", "\0", "\u{1}", "\u{1f}"] {
        for body in [format!("{space}1"), format!("[{space}]"), format!("{{\"a\"{space}:1}}"), format!("[1{space},1]")]
        {
            refused(body);
        }
    }
}

#[test]
fn invalid_numbers_and_literals_are_refused() {
    for text in [
        "01",
        "-",
        "-a",
        "+1",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "1E-",
        "--1",
        "1-",
        "0x10",
        "00",
        "-01",
        "1.2.3",
        "1e1.5",
        "1_000",
        "NaN",
        "Infinity",
        "-Infinity",
        "١",
        "True",
        "TRUE",
        "tru",
        "truex",
        "nul",
        "nulll",
        "None",
        "falsee",
        "this-is-ignored",
        "'a'",
        "a",
        "\u{1}",
    ] {
        refused(text);
        refused(format!("[{text}]"));
        refused(format!("{{\"ignored\":{text}}}"));
        refused(format!("{{\"ignored\":{text},\"code\":\"1\"}}"));
    }
    for text in ["0", "-0", "10", "1.50", "0e0", "1E+05", "-9.9e-99", "123456789012345678901234567890", "1e999"] {
        assert_eq!(normalized(text).as_deref(), Ok(text));
        let inside = format!("[{text} ,{{\"a\":{text}}}]");
        assert_eq!(normalized(&inside), Ok(inside));
    }
}

#[test]
fn broken_structure_is_refused() {
    for body in [
        "{",
        "[",
        "}",
        "]",
        "{]",
        "[}",
        "[1}",
        "{\"a\":1]",
        "[,]",
        "[,1]",
        "[1,]",
        "[1,,1]",
        "[1 1]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1,,\"b\":1}",
        "{\"a\" 1}",
        "{\"a\"::1}",
        "{a:1}",
        "{1:1}",
        "{null:1}",
        "{[]:1}",
        "{{}:1}",
        "{\"a\":1 \"b\":1}",
        "{\"a\",\"b\"}",
        "[\"a\":1]",
        ":",
        ",",
        "\"",
        "\"a",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "[1,",
        "[1",
        "[\"a\"",
        "{\"a\":{}",
        "[[]",
    ] {
        refused(body);
    }
}

#[test]
fn every_prefix_of_a_reply_is_refused() {
    for length in 0..REPLY.len() {
        refused(&REPLY.as_bytes()[..length]);
    }
}

#[test]
fn every_byte_of_a_reply_replaced_by_every_other() {
    let reply = r#"{"a":"\u6210\/","b":[-1.5e+3,true,{"c":null}],"d":"\ud842\udfb7成功 "}"#.as_bytes();
    for place in 0..reply.len() {
        for byte in 0..=0xFF {
            let mut body = reply.to_vec();
            body[place] = byte;
            same_as_serde_json(&body);
        }
    }
}

#[test]
fn the_text_is_at_the_start_of_the_body() {
    let mut body = r#"{"m":"\u6210\u529f"}"#.as_bytes().to_vec();
    let start = body.as_ptr();
    let text = normalize(&mut body).unwrap();
    assert_eq!((text, text.as_ptr()), (r#"{"m":"成功"}"#, start));
}
