//! Tables as comma-separated values, as spreadsheet programs read them.

/// A text that somebody wrote, quoted. A spreadsheet takes what begins like a formula for one: it gets an apostrophe.
pub(crate) fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_stays_one_field_and_no_formula() {
        assert_eq!(field("Mill, Street"), "\"Mill, Street\"");
        assert_eq!(field("the \"old\" mill"), "\"the \"\"old\"\" mill\"");
        assert_eq!(field("=1+1"), "\"'=1+1\"");
        assert_eq!(field("@cmd"), "\"'@cmd\"");
        assert_eq!(field("a=1"), "\"a=1\"");
    }
}
