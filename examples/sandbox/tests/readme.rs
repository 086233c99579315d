//! The README says what the code does.

use heyan_sandbox::{APP_CODE, APP_KEY, APP_SECRET, CLASSIC_ERRORS, PEOPLE, Provider, magic_names};

const README: &str = include_str!("../README.md");

#[test]
fn it_lists_every_magic_name_as_it_is() {
    for entry in magic_names() {
        assert!(
            README.contains(&format!("\n{entry}\n")),
            "missing: {entry}\nrun `heyan-sandbox --names` and paste its table"
        );
    }
    let rows = README.lines().skip_while(|line| !line.starts_with("| name | provider |")).skip(2);
    assert_eq!(
        rows.take_while(|line| line.starts_with('|')).count(),
        magic_names().count(),
        "a name that is no longer"
    );
}

#[test]
fn it_lists_people_providers_and_credentials() {
    for person in PEOPLE {
        assert!(
            README.contains(&format!("| {} | `{}` | `{}` |", person.name, person.id, person.mobile)),
            "{}",
            person.id
        );
    }
    for provider in Provider::ALL {
        for path in provider.paths() {
            assert!(README.contains(&format!("`{} {path}`", provider.method())), "{path}");
        }
        for parameter in [Some(provider.name_parameter()), Some(provider.id_parameter()), provider.mobile_parameter()] {
            assert!(parameter.is_none_or(|name| README.contains(&format!("`{name}`"))));
        }
        assert!(README.contains(provider.host()));
    }
    for credential in [APP_CODE, APP_KEY, APP_SECRET] {
        assert!(README.contains(credential));
    }
    assert_eq!(CLASSIC_ERRORS.len(), 32, "the README's numbers of the classic errors are these");
}
