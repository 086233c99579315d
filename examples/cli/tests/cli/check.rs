//! `heyan check`.

use crate::run::heyan;

#[test]
fn numbers_of_standard_input_come_out_in_their_order() {
    let input = "11010119000101009X\r\n110101190001010058\n\n110101000101005\n11010119000101009x\n张三\nx\n\
                 １１０１０１１９０００１０１００９X\n110101190002300058\n990101190001010058\n1101011900010100a8";
    let run = heyan(["check", "--json"]).stdin(input).run();
    let invalid = |id: &str, reason: &str| {
        format!(
            "{{\"id\":\"{id}\",\"valid\":false,\"reason\":\"{reason}\",\"normalized\":null,\"birth_date\":null,\
             \"sex\":null,\"region_code\":null}}\n"
        )
    };
    let valid = |id: &str| {
        format!(
            "{{\"id\":\"{id}\",\"valid\":true,\"reason\":null,\"normalized\":null,\"birth_date\":\"1900-01-01\",\
             \"sex\":\"male\",\"region_code\":\"110101\"}}\n"
        )
    };
    let expected = [
        valid("1101**********009X"),
        invalid("1101**********0058", "checksum"),
        invalid("", "length"),
        valid("1101*******1005"),
        valid("1101**********009x"),
        invalid("**", "length"),
        invalid("*", "length"),
        invalid("******************", "character"),
        invalid("1101**********0058", "birth_date"),
        invalid("9901**********0058", "region"),
        invalid("******************", "character"),
    ];
    assert_eq!(run.stdout, expected.concat());
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
}

#[test]
fn the_status_tells_whether_all_are_valid() {
    assert_eq!(heyan(["check", "11010119000101009X", "110101190001010057"]).run().status, 0);
    assert_eq!(heyan(["check", "11010119000101009X", "110101190001010058"]).run().status, 1);
    assert_eq!(heyan(["check", "110101 19000101 009X"]).run().status, 1);
    assert_eq!(heyan(["check", "--lenient", "110101 19000101 ００９X"]).run().status, 0);
    assert_eq!(heyan(["check", "-"]).stdin("11010119000101009X").run().status, 0);
    // Born after today.
    assert_eq!(heyan(["check", "--json", "110101299901010018"]).run().json()["reason"], "birth_date");
}

#[test]
fn revealed_numbers_are_whole() {
    let run = heyan(["check", "--json", "--reveal", "110101000101005"]).run();
    assert_eq!(
        run.stdout,
        "{\"id\":\"110101000101005\",\"valid\":true,\"reason\":null,\"normalized\":\"110101190001010057\",\
         \"birth_date\":\"1900-01-01\",\"sex\":\"male\",\"region_code\":\"110101\"}\n"
    );
    let run = heyan(["check", "--reveal", "110101000101005"]).run();
    assert_eq!(run.stdout, "110101000101005  valid  1900-01-01  male  110101  = 110101190001010057\n");
    let run = heyan(["check", "--json", "--reveal", "no\u{1b}number"]).run();
    assert_eq!(run.json()["id"], "no\u{1b}number");
    assert!(!heyan(["check", "--reveal", "no\u{1b}number"]).run().stdout.contains('\u{1b}'));
}

#[test]
fn odd_bytes_and_endless_lines_are_lines_too() {
    let mut input = b"\xff\xfe\n".to_vec();
    input.extend(std::iter::repeat_n(b'1', 1_000_000));
    input.extend(b"\n11010119000101009X\n");
    let run = heyan(["check", "--json"]).stdin(&input).run();
    let reasons: Vec<_> =
        run.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).collect();
    assert_eq!(reasons.len(), 3);
    assert_eq!((&reasons[0]["reason"], &reasons[0]["id"]), (&"character".into(), &"?".into()));
    assert_eq!(reasons[1]["reason"], "length");
    assert_eq!(reasons[2]["valid"], true);
}
