//! The Pabulib reader: what it takes, what it refuses and how it says so, and that nothing makes it
//! panic.

use mutua_protocol::pabulib::{Election, ReadError, Reading, VoteType};
use proptest::prelude::*;

const SMALL: &str = "META\nkey;value\ndescription;Small\nbudget;1000,50\nvote_type;cumulative\n\
    PROJECTS\nproject_id;name;cost;category\n10;\"Bench; \"\"old\"\" one\";100.25;green,roads\n9;Tree;300;green\n\
    VOTES\nvoter_id;vote;points;age\na;9,10;2,0.5;34\nb;;;\nc;10;-1;20\n";

fn refused(text: &str) -> ReadError {
    Election::read(text.as_bytes()).expect_err("the file is not as the format says")
}

#[test]
fn a_file_is_read_exactly() {
    for text in [SMALL.to_owned(), SMALL.replace('\n', "\r\n"), format!("\u{feff}{SMALL}\n\n")] {
        let election = Election::read(text.as_bytes()).unwrap();
        assert_eq!(election.vote_type(), VoteType::Cumulative);
        assert_eq!((election.budget(), election.decimals(), election.unit()), (100_050, 2, 100));
        assert_eq!(election.render(election.budget()), "1000.5");
        let projects: Vec<_> =
            election.projects().iter().map(|project| (project.id.as_str(), project.cost)).collect();
        assert_eq!(projects, [("10", 10_025), ("9", 30_000)]);
        assert_eq!(election.projects()[0].name.as_deref(), Some("Bench; \"old\" one"));
        let voters: Vec<_> =
            election.voters().map(|voter| (voter.id, voter.projects, voter.points)).collect();
        assert_eq!(voters[0], ("a", &[1, 0][..], &[20, 5][..]));
        assert_eq!(voters[1], ("b", &[][..], &[][..]));
        assert_eq!(voters[2], ("c", &[0][..], &[-10][..]));
        assert_eq!(election.points_decimals(), 1);
        assert_eq!(election.meta("description"), Some("Small"));
        let instance = election.instance(Reading::Scores).unwrap();
        assert_eq!(instance.ballot(0).collect::<Vec<_>>(), [(0, 5), (1, 20)]);
        assert_eq!(instance.ballot(2).count(), 0);
        assert_eq!(instance.total_weight(), 3);
        let instance = election.instance(Reading::Approvals).unwrap();
        assert_eq!(instance.ballot(0).collect::<Vec<_>>(), [(0, 1), (1, 1)]);
    }
}

#[test]
fn rankings_become_borda_scores() {
    let text = "META\nkey;value\nbudget;9\nvote_type;ordinal\nPROJECTS\nproject_id;cost\na;1\nb;2\nc;3\n\
        VOTES\nvoter_id;vote;weight\n1;c,a,b;5\n2;b;1\n";
    let election = Election::read(text.as_bytes()).unwrap();
    let scores = election.instance(Reading::Scores).unwrap();
    assert_eq!(scores.ballot(0).collect::<Vec<_>>(), [(0, 1), (2, 2)]);
    assert_eq!(scores.ballot(1).count(), 0);
    assert_eq!(scores.weights(), [5, 1]);
    let approvals = election.instance(Reading::Approvals).unwrap();
    assert_eq!(approvals.ballot(0).collect::<Vec<_>>(), [(0, 1), (1, 1), (2, 1)]);
}

/// Real files name a project twice on one ballot. It takes no longer to read, however long the ballot is.
#[test]
fn of_a_project_named_twice_the_last_points_count() {
    let names: Vec<String> = (0..60_000).map(|number| format!("{number:05}")).collect();
    let projects: String = names.iter().map(|name| format!("{name};1\n")).collect();
    let (all, ones, twos) =
        (names.join(","), vec!["1"; names.len()].join(","), vec!["2"; names.len()].join(","));
    let text = format!(
        "META\nkey;value\nbudget;9\nvote_type;scoring\nPROJECTS\nproject_id;cost\n{projects}\
         VOTES\nvoter_id;vote;points\na;;\nb;00007,00007;5,6\nc;{all},{all};{ones},{twos}\nd;00007;4\n"
    );
    let election = Election::read(text.as_bytes()).unwrap();
    let voters: Vec<_> = election.voters().map(|voter| (voter.projects, voter.points)).collect();
    assert_eq!(voters[1], (&[7][..], &[6][..]));
    assert!(voters[2].0.iter().copied().eq(0..60_000) && voters[2].1.iter().all(|points| *points == 2));
    assert_eq!(voters[3], (&[7][..], &[4][..]));
}

#[test]
fn faults_are_named_with_their_line() {
    let cases = [
        (String::new(), 1, "empty"),
        ("votes".to_owned(), 1, "without a section META"),
        ("meta\n".to_owned(), 2, "column names"),
        ("x;y".to_owned(), 1, "begins with the title META"),
        (SMALL.replace("budget;1000,50\n", ""), 5, "no budget"),
        (SMALL.replace("budget;1000,50", "budget;-1"), 4, "negative"),
        (SMALL.replace("budget;1000,50", "budget;many"), 4, "not a number"),
        (SMALL.replace("budget;1000,50", "budget;99999999999999999999"), 4, "too many digits"),
        (SMALL.replace("budget;1000,50", "budget;9000000000000000000"), 8, "too many digits"),
        (SMALL.replace("cumulative", "lottery"), 5, "lottery"),
        (SMALL.replace("project_id;", "project;"), 7, "column project_id"),
        (SMALL.replace("\n9;Tree", "\n10;Tree"), 9, "line 8 already"),
        (SMALL.replace("\n9;Tree", "\n;Tree"), 9, "no project_id"),
        (SMALL.split("VOTES").next().unwrap_or("").to_owned(), 10, "without a section VOTES"),
        (SMALL.replace("a;9,10;2,0.5", "a;9,11;2,0.5"), 12, "project 11"),
        (SMALL.replace("a;9,10;2,0.5", "a;9,10;2"), 12, "fewer points"),
        (SMALL.replace("a;9,10;2,0.5", "a;9;2,0.5"), 12, "more points"),
        (SMALL.replace("a;9,10;2,0.5", "a;9,10;2,x"), 12, "points \"x\""),
        (SMALL.replace("a;9,10;2,0.5", "a;9,10;2,4000000000.5"), 12, "below 2^32"),
        (SMALL.replace("vote;points;age", "vote;age"), 11, "column points"),
        (format!("{SMALL}META\nkey;value\n"), 15, "second section META"),
    ];
    for (text, line, words) in cases {
        let error = refused(&text);
        assert!(error.message.contains(words), "{error} in {text}");
        assert_eq!(error.line, line, "{error} in {text}");
    }
    let error = Election::read(b"META\nkey;value\ndescription;Z\xfcrich\n").unwrap_err();
    assert_eq!(error.line, 3);
    let unfinished = "META\nkey;value\nbudget;1\nvote_type;approval\nVOTES\nvoter_id;vote\n";
    assert!(refused(unfinished).message.contains("without a section PROJECTS"));
}

#[test]
fn sections_come_in_any_order() {
    let in_order = Election::read(SMALL.as_bytes()).unwrap();
    let (meta, rest) = SMALL.split_at(SMALL.find("PROJECTS").unwrap());
    let (projects, votes) = rest.split_at(rest.find("VOTES").unwrap());
    for text in [
        format!("{votes}{projects}{meta}"),
        format!("{votes}{meta}{projects}"),
        format!("{projects}{votes}{meta}"),
        format!("{projects}{meta}{votes}"),
        format!("{meta}{votes}{projects}"),
    ] {
        let election = Election::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error} in {text}"));
        assert_eq!(election.projects(), in_order.projects());
        assert!(election.voters().eq(in_order.voters()));
        assert_eq!((election.budget(), election.decimals()), (in_order.budget(), in_order.decimals()));
    }
    // A fault among ballots that come first is named with its own line.
    let early = format!("{votes}{meta}{projects}").replace("a;9,10;2,0.5", "a;9,11;2,0.5");
    assert_eq!(refused(&early).line, 3);
}

#[test]
fn what_files_may_leave_out_or_add() {
    let text = "META;;\nkey;value;remark\nVOTE_TYPE;Knapsack\nbudget;10.00;in thousands\nmin_sum_cost;1\n\
        comment;\"#1: semi;colon, \"\"quote\"\"\"\nPROJECTS\ncategories;cost;latitude;project_id\n\
        \"a,b\";3,5;0;Łąka 1\nnone;2;;p;;;\nVOTES\nage;vote\n30; Łąka 1 , p\n;None\n31;p,p\n";
    let election = Election::read(text.as_bytes()).unwrap();
    assert_eq!(election.vote_type(), VoteType::Approval);
    assert_eq!((election.budget(), election.unit()), (100, 10));
    assert_eq!(election.meta("comment"), Some("#1: semi;colon, \"quote\""));
    let categories: Vec<_> = election
        .projects()
        .iter()
        .map(|project| (project.id.as_str(), project.category.as_deref()))
        .collect();
    assert_eq!(categories, [("p", None), ("Łąka 1", Some("a,b"))]);
    let ballots: Vec<_> = election.voters().map(|voter| (voter.id, voter.projects)).collect();
    assert_eq!(ballots, [("", &[1, 0][..]), ("", &[][..]), ("", &[0][..])]);
}

#[test]
fn meta_may_lack_its_column_names() {
    for text in [SMALL.replace("key;value\n", ""), SMALL.replace("key;value", "some;title")] {
        let election = Election::read(text.as_bytes()).unwrap();
        assert_eq!((election.budget(), election.meta("description")), (100_050, Some("Small")));
    }
}

#[test]
fn points_that_are_not_given_are_an_empty_ballot() {
    let text = SMALL.replace("a;9,10;2,0.5", "a;9,10;None");
    let election = Election::read(text.as_bytes()).unwrap();
    assert_eq!(election.voter(0).unwrap().projects.len(), 0);
}

/// Pieces that files are made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("META\nkey;value\n".to_owned()),
        Just("budget;100\nvote_type;cumulative\n".to_owned()),
        Just("budget;0.5\nvote_type;ordinal\n".to_owned()),
        Just("PROJECTS\nproject_id;cost;name\n".to_owned()),
        Just("VOTES\nvoter_id;vote;points;weight\n".to_owned()),
        "[a-c];[0-9]{1,20}(\\.[0-9]{1,14})?\n",
        "v[0-9];[a-c](,[a-c]){0,3};-?[0-9]{1,11}(,[0-9.]{1,3}){0,3};[0-9]{0,21}\n",
        "[;\",\r\n .a-c0-9]{0,12}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Reads, and uses whatever was read.
fn exercise(content: &[u8]) {
    let Ok(election) = Election::read(content) else { return };
    assert_eq!(election.voters().count(), election.voter_count());
    for reading in [Reading::Approvals, Reading::Scores] {
        let _ = election.instance(reading);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn nothing_makes_the_reader_panic(text in pieces()) {
        exercise(text.as_bytes());
    }

    #[test]
    fn damaged_files_do_not_either(
        at in 0..SMALL.len(),
        length in 0usize..20,
        with in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let mut content = SMALL.as_bytes().to_vec();
        let end = (at + length).min(content.len());
        content.splice(at..end, with);
        exercise(&content);
    }
}

#[test]
fn weights_are_whole_numbers_however_written() {
    let with = |weight: &str| {
        format!(
            "META\nkey;value\nbudget;9\nvote_type;approval\nPROJECTS\nproject_id;cost\na;1\n\
             VOTES\nvoter_id;vote;weight\n1;a;{weight}\n"
        )
    };
    for (weight, read) in [("3", 3), ("3.0", 3), ("2,00", 2), ("0.0", 0), ("18446744073709551615", u64::MAX)]
    {
        let election = Election::read(with(weight).as_bytes()).unwrap();
        assert_eq!(election.voter(0).unwrap().weight, read, "{weight}");
    }
    for (weight, words) in [
        ("0.5", "multiply all weights"),
        ("-1", "not a whole number"),
        ("-0.5", "not a whole number"),
        ("x", "not a whole number"),
        ("18446744073709551616", "not a whole number"),
    ] {
        let error = refused(&with(weight));
        assert!(error.message.contains(words), "{error}");
        assert_eq!(error.line, 10, "{error}");
    }
}
