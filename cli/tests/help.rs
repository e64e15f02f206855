//! The help of every command.

mod common;

use common::Place;

/// The commands that a command's help lists.
fn listed(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter(|line| line.as_bytes().get(2).is_some_and(|byte| *byte != b' '))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

fn visit(place: &Place, path: &[String], seen: &mut usize) {
    let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    let answer = place.run(&arguments);
    assert_eq!(answer.code, 0, "{path:?}: {}", answer.err);
    let further = listed(&answer.out);
    if further.is_empty() {
        assert!(answer.out.contains("Example"), "{path:?} has no example in its help");
        assert!(
            answer.out.contains(&format!("mutua {}", path.join(" "))),
            "{path:?}: the example is another's"
        );
        *seen += 1;
    }
    for name in further {
        visit(place, &[path, &[name]].concat(), seen);
    }
}

#[test]
fn every_command_has_an_example_in_its_help() {
    let place = Place::new();
    let mut seen = 0;
    visit(&place, &[], &mut seen);
    assert!(seen >= 4, "only {seen} commands were found");
}

#[test]
fn the_help_tells_what_the_exit_status_means() {
    let help = Place::new().run(&["--help"]);
    assert!(help.out.contains("Exit status:"));
    assert!(help.out.contains("4  keys"));
}

#[test]
fn a_command_that_does_not_exist_is_wrong_usage() {
    Place::new().run(&["dance"]).fails(2, "unrecognized subcommand");
}
