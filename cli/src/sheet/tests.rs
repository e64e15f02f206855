use super::*;

const COLUMNS: &[&str] = &["loan", "grade", "reasons"];

fn read(bytes: impl AsRef<[u8]>) -> Result<Sheet, String> {
    Sheet::read(bytes.as_ref(), COLUMNS, &["loan", "grade"])
}

/// The lines with their cells.
fn rows(bytes: impl AsRef<[u8]>) -> Vec<(u64, Vec<String>)> {
    let sheet = read(bytes).unwrap();
    assert_eq!(sheet.faults, []);
    sheet.rows.into_iter().map(|row| (row.line, row.cells)).collect()
}

fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
    (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
}

#[test]
fn what_spreadsheets_write_is_read_as_it_is_meant() {
    let expected = [row(2, &["a", "1", "x, y"]), row(3, &["b", "2", ""])];
    for (name, text) in [
        ("commas", "loan,grade,reasons\na,1,\"x, y\"\nb,2,\n"),
        ("no end of line", "loan,grade,reasons\na,1,\"x, y\"\nb,2,"),
        ("CRLF", "loan,grade,reasons\r\na,1,\"x, y\"\r\nb,2,\r\n"),
        ("CR", "loan,grade,reasons\ra,1,\"x, y\"\rb,2,\r"),
        ("byte order mark", "\u{feff}loan,grade,reasons\na,1,\"x, y\"\nb,2,\n"),
        ("semicolons", "loan;grade;reasons\na;1;x, y\nb;2;\n"),
        ("tabs", "loan\tgrade\treasons\na\t1\tx, y\nb\t2\t\n"),
        ("capitals and spaces", " Loan , GRADE,Reasons\n a , 1,\"x, y\"\n\u{a0}b\u{a0},2, \n"),
        ("columns without a name", "loan,grade,reasons,,\na,1,\"x, y\",,\nb,2,,,\n"),
        ("empty lines at the end", "loan,grade,reasons\na,1,\"x, y\"\nb,2,\n,,\n\n,,\n"),
        ("fields beyond the header", "loan,grade,reasons\na,1,\"x, y\",,\nb,2,\n"),
    ] {
        assert_eq!(rows(text), expected, "{name}");
    }
    let told = rows("sep=;\r\nloan;grade;reasons\r\na;1;x, y\r\nb;2;\r\n");
    assert_eq!(told, [row(3, &["a", "1", "x, y"]), row(4, &["b", "2", ""])]);
    assert_eq!(
        rows("grade,loan\n1,a\n\n\n2,b\n"),
        [row(2, &["1", "a"]), row(5, &["2", "b"])],
        "any order, an optional column left out, empty lines counted"
    );
    assert_eq!(
        rows("loan,grade,reasons\r\na,1,\"two\r\nlines, \"\"quoted\"\"\"\r\nb,2,\r\n"),
        [row(2, &["a", "1", "two\r\nlines, \"quoted\""]), row(4, &["b", "2", ""])]
    );
}

#[test]
fn a_cell_is_found_by_its_column() {
    let sheet = read("grade,loan\n1,a\n").unwrap();
    let row = &sheet.rows[0];
    assert_eq!(
        (sheet.cell(row, "loan"), sheet.cell(row, "grade"), sheet.cell(row, "reasons")),
        ("a", "1", "")
    );
}

#[test]
fn what_is_no_such_table_is_refused_with_what_to_do() {
    let utf16: Vec<u8> = "loan,grade\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = [&[0xff, 0xfe], &utf16[..]].concat();
    let cases: &[(&[u8], &str)] = &[
        (b"", "it is empty"),
        (b"a,1\nb,2\n", "it lacks the columns loan, grade"),
        (b"loan\na\n", "it lacks the columns grade"),
        (b"loan,grade,colour,reason\n", "the columns 'colour', 'reason' are not known"),
        (b"loan,grade,LOAN\n", "it has the columns loan twice"),
        (b"loan|grade\na|1\n", "it lacks the columns"),
        (b"sep=|\nloan|grade\n", "separated by '|'"),
        (b"PK\x03\x04rest", "spreadsheet program's own file"),
        (&utf16, "UTF-16"),
        (&with_mark, "UTF-16"),
        (b"loan,grade\nM\xfcller,1\nx,1\nJos\xe9,2\n", "the lines 2, 4 are in another encoding"),
    ];
    for (bytes, says) in cases {
        let problem = read(bytes).unwrap_err();
        assert!(problem.contains(says), "{problem}");
    }
}

#[test]
fn each_line_that_is_wrong_is_named() {
    let cases: &[(&str, u64, &str)] = &[
        ("a,1", 2, "has 2 fields"),
        ("a,1,x,y", 2, "has 4 fields"),
        ("a,1,x\nb,2,y,z\n", 3, "has 4 fields"),
        ("a,=A1+1,", 2, "is a formula"),
        ("a,1,@now", 2, "is a formula"),
        ("#REF!,1,", 2, "shows for an error"),
        ("a,#N/A,", 2, "shows for an error"),
        ("a,#DIV/0!,", 2, "shows for an error"),
        ("a,1,5\" pipe", 2, "inside a text"),
        ("a,1,\"pipe\" of 5\"\nb,2,\n", 2, "behind its closing quotation mark"),
        ("a,1,ok\nb,2,\"open\nc,3,\nd,4,\n", 3, "never closed"),
        ("a,1,\"open\nb,2,\"shut\"", 3, "behind its closing quotation mark"),
    ];
    for (lines, line, says) in cases {
        let sheet = read(format!("loan,grade,reasons\n{lines}")).unwrap();
        let fault = &sheet.faults[0];
        assert!(fault.line == *line && fault.problem.contains(says), "{lines}: {fault:?}");
    }
    let sheet = read("loan,grade,,reasons\na,1,stray,\n").unwrap();
    assert!(sheet.faults[0].problem.contains("column without a name"));
    // All of them, and not the first alone.
    let sheet = read("loan,grade,reasons\na\nb,=1,\nc,3,\nd,4,#N/A\n").unwrap();
    let lines: Vec<u64> = sheet.faults.iter().map(|fault| fault.line).collect();
    assert_eq!((lines, sheet.rows.len()), (vec![2, 3, 5], 1));
}

#[test]
fn a_number_sign_is_no_error() {
    assert_eq!(rows("loan,grade,reasons\na,1,#1 of its branch\n")[0].1[2], "#1 of its branch");
}

#[test]
fn what_somebody_wrote_stays_one_field_and_no_formula() {
    for (text, cell) in [
        ("Mill, Street", "\"Mill, Street\""),
        ("the \"old\" mill", "\"the \"\"old\"\" mill\""),
        ("=1+1", "\"'=1+1\""),
        ("@cmd", "\"'@cmd\""),
        ("a=1", "\"a=1\""),
    ] {
        assert_eq!(field(text), cell);
        let read = rows(format!("loan,grade,reasons\n{cell},1,\n"));
        assert_eq!(written(&read[0].1[0]), text, "and is the same when it comes back");
    }
    assert_eq!(written("'tis"), "'tis");
}
