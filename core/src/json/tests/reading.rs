//! Reading members.

use super::Value::{Absent, Array as Composite, Bool, Escaped, Null, Number, Object, Text};
use super::*;

/// The values of three members that every test knows.
fn read(json: &str) -> Result<[Value<'_>; 4], JsonError> {
    members(json, ["code", "data", "data.state", "data.note"])
}

#[track_caller]
fn gives<'b>(json: &'b str, code: Value<'b>, data: Value<'b>, state: Value<'b>) {
    let mut body = json.as_bytes().to_vec();
    assert_eq!(normalize(&mut body), Ok(json), "the tests here are about the second half");
    let found = read(json).unwrap();
    assert!(found == [code, data, state, Absent], "{json}: {found:?}");
}

#[test]
fn a_vendors_reply() {
    let [result, reference, code] = members(REPLY, ["data.result", "seqNo", "code"]).unwrap();
    assert_eq!(result.text(), Some("1"));
    assert_eq!(reference.text(), Some("4XU29Z4D1704061618"));
    assert_eq!(code.text(), Some("10000"));
}

#[test]
fn every_kind_of_value() {
    gives("{}", Absent, Absent, Absent);
    gives(r#"{"code":null}"#, Null, Absent, Absent);
    gives(r#"{"code":true,"data":false}"#, Bool(true), Bool(false), Absent);
    gives(r#"{"code":"","data":"null"}"#, Text(""), Text("null"), Absent);
    gives(r#"{"code":[1,"code",{"code":2}]}"#, Composite, Absent, Absent);
    for number in ["0", "-1", "1.50", "10000", "1E+5", "12345678901234567890123"] {
        gives(&format!(r#"{{"code":{number}}}"#), Number(number), Absent, Absent);
        gives(
            &format!("{{\"code\" \t:\r\n {number}\n\t, \"data\" : {number}\r}}"),
            Number(number),
            Number(number),
            Absent,
        );
    }
}

#[test]
fn data_of_every_kind() {
    gives(r#"{"data":{"state":"1"}}"#, Absent, Composite, Text("1"));
    gives(r#"{"data":{"state":1}}"#, Absent, Composite, Number("1"));
    gives(r#"{"data":{ "state" : null }}"#, Absent, Composite, Null);
    gives(r#"{"data":{"state":{"state":"1"}}}"#, Absent, Composite, Composite);
    gives(r#"{"data":{}}"#, Absent, Composite, Absent);
    gives(r#"{"data":{"other":{"state":"1"}}}"#, Absent, Composite, Absent);
    gives(r#"{"data":null}"#, Absent, Null, Absent);
    gives(r#"{"data":"null"}"#, Absent, Text("null"), Absent);
    gives(r#"{"data":7}"#, Absent, Number("7"), Absent);
    gives(r#"{"data":[{"state":"1"}]}"#, Absent, Composite, Absent);
    gives(r#"{"code":{"state":"1","code":"2","data":{"state":"3"}}}"#, Composite, Absent, Absent);
    gives(r#"{"state":"1","data":{"code":"1","data":{"state":"2"}}}"#, Absent, Composite, Absent);
}

#[test]
fn names_with_dots_are_no_paths() {
    gives(r#"{"data.state":"1"}"#, Absent, Absent, Absent);
    gives(r#"{"data.state":"1","data":{"state":"2"}}"#, Absent, Composite, Text("2"));
    gives(r#"{"data":{"data.state":"1",".state":"2"},"data.":{"state":"3"}}"#, Absent, Composite, Absent);
}

#[test]
fn names_are_compared_whole_and_exactly() {
    gives(r#"{"cod":1,"codes":2,"Code":3,"code ":4,"":5,"COD":6,"dat":{"state":1}}"#, Absent, Absent, Absent);
    gives(r#"{"data":{"stat":1,"states":2,"":3}}"#, Absent, Composite, Absent);
}

#[test]
fn a_name_written_with_escapes_is_found() {
    let mut body = br#"{"\u0063od\u0065":"\u0031","d\u0061ta":{"\u0073tate":"\/"}}"#.to_vec();
    let found = read(normalize(&mut body).unwrap()).unwrap();
    assert!(found == [Text("1"), Composite, Text("/"), Absent]);
}

#[test]
fn a_wanted_member_that_occurs_twice_is_ambiguous() {
    for json in [
        r#"{"code":"1","code":"1"}"#,
        r#"{"code":"1","other":{},"code":null}"#,
        r#"{"code":null,"code":"1"}"#,
        r#"{"data":{"state":"1"},"data":{"state":"1"}}"#,
        r#"{"data":{"state":"1"},"data":null}"#,
        r#"{"data":"null","data":{"state":"1"}}"#,
        r#"{"data":{"state":"1","state":"1"}}"#,
        r#"{"data":{"state":null,"a":1,"state":"1"}}"#,
    ] {
        assert_eq!(read(json), Err(Ambiguous), "{json}");
    }
    for json in [r#"{"data":{"state":"1"},"data":7}"#, r#"{"data":{},"data":{"state":"1"}}"#] {
        assert_eq!(members(json, ["data.state"]), Err(Ambiguous), "{json}");
    }
    let mut body = br#"{"code":"1","\u0063ode":"2"}"#.to_vec();
    assert_eq!(read(normalize(&mut body).unwrap()), Err(Ambiguous));
}

#[test]
fn other_members_may_occur_twice_and_hold_anything() {
    gives(
        r#"{"x":1,"x":"}\"{","code":"1","x":[{"code":2},{"code":3}],"x":{"data":{"state":1}},"x":{},"x":[[]],"y.z":null}"#,
        Text("1"),
        Absent,
        Absent,
    );
    gives(r#"{"data":{"x":1,"x":[1,2,{"state":"9"}],"state":"2","x":{"state":"3"}}}"#, Absent, Composite, Text("2"));
}

#[test]
fn only_an_object_has_members() {
    for json in ["[]", "1", "null", "\"code\"", "[{\"code\":1}]", "true", "", "{"] {
        assert_eq!(read(json), Err(NotJson), "{json}");
    }
}

#[test]
fn white_space_around_everything() {
    gives(
        "\r\n { \"code\" : \"1\" , \"data\"\t:\n{ \"state\" :\t2 } , \"x\" : [ 1 , 2 ] } \n",
        Text("1"),
        Composite,
        Number("2"),
    );
}

#[test]
fn more_members_than_are_noted() {
    let others: String = (0..40).map(|at| format!("\"x{at}\":[{{}}],")).collect();
    gives(&format!("{{{others}\"data\":{{{others}\"state\":2}},\"code\":1}}"), Number("1"), Composite, Number("2"));
    let twice = format!("{{\"code\":1,{others}\"code\":1}}");
    assert_eq!(read(&twice), Err(Ambiguous));
}

#[test]
fn text_of_values() {
    assert_eq!(Text("01").text(), Some("01"));
    assert_eq!(Number("1").text(), Some("1"));
    assert_eq!(Escaped(r#"a\"b"#).text(), None);
    assert_eq!(Escaped(r#"a\"b"#).written(), Some(r#"a\"b"#));
    for value in [Absent, Null, Bool(true), Text(""), Composite] {
        assert_eq!((value.text(), value.written()), (None, None));
    }
}

#[test]
fn debug_shows_no_value() {
    let mut body = *br#"{"o":{"name":"x"}}"#;
    let mut members = Members::new();
    let text = super::super::normalize(&mut body, &mut members).unwrap();
    let mut object = [Absent];
    Document::of(text, &members).unwrap().members(&["o"], &mut object).unwrap();
    let [object] = object;
    assert!(matches!(object, Object(_)));
    let shown = format!("{:?}", [Text("张三"), Number("1900"), Bool(true), Null, Absent, Composite, object]);
    assert_eq!(shown, "[Text(redacted), Number(redacted), Bool(redacted), Null, Absent, Array, Object(redacted)]");
}

#[test]
fn no_names() {
    assert_eq!(members(REPLY, []), Ok([]));
    assert_eq!(members("[]", []), Err(NotJson));
}
