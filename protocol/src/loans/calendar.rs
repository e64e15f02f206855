//! Months on the calendar, in whole numbers.

const DAY: u64 = 86_400_000;

/// The same time of the day, this many months later: on the same day of the month, or on the month's last day
/// if it has fewer. Times are milliseconds since 1970, UTC, in the proleptic Gregorian calendar.
///
/// A time that does not fit is the last one that does.
#[must_use]
pub fn months_after(time: u64, months: u32) -> u64 {
    let (days, rest) = (time / DAY, time % DAY);
    let (year, month, day) = date(days);
    let count = u64::from(month - 1) + u64::from(months);
    let year = year.saturating_add(count / 12);
    // In range: a remainder of twelve.
    let month = u32::try_from(count % 12).unwrap_or(0) + 1;
    let day = day.min(length(year, month));
    number(year, month, day).saturating_mul(DAY).saturating_add(rest)
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days in a month, 1 to 12.
fn length(year: u64, month: u32) -> u32 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days before a year, counted from the year 0.
fn before(year: u64) -> u64 {
    let leaps = if year == 0 { 0 } else { (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1 };
    year.saturating_mul(365).saturating_add(leaps)
}

/// The date of a day: year, month and day of the month, the last two from 1.
fn date(days: u64) -> (u64, u32, u32) {
    let days = days + before(1970);
    // A year has at most 366 days, so that this is never too late, and a little early at most.
    let mut year = days / 366;
    year += (days - before(year)) / 366;
    while before(year + 1) <= days {
        year += 1;
    }
    let (mut month, mut day) = (1, days - before(year));
    while day >= u64::from(length(year, month)) {
        day -= u64::from(length(year, month));
        month += 1;
    }
    (year, month, u32::try_from(day).unwrap_or(0) + 1)
}

/// The day of a date, counted from 1970-01-01.
fn number(year: u64, month: u32, day: u32) -> u64 {
    let months: u64 = (1..month).map(|month| u64::from(length(year, month))).sum();
    before(year).saturating_add(months).saturating_add(u64::from(day - 1)).saturating_sub(before(1970))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time of a date at noon.
    fn noon(year: u64, month: u32, day: u32) -> u64 {
        number(year, month, day) * DAY + DAY / 2
    }

    #[test]
    fn known_dates() {
        assert_eq!(number(1970, 1, 1), 0);
        assert_eq!(number(2000, 3, 1), 11_017);
        assert_eq!(number(2026, 11, 24), 20_781);
        assert_eq!(number(2100, 3, 1), 47_541);
        let cases = [
            ((2026, 11, 24), 1, (2026, 12, 24)),
            ((2026, 11, 24), 2, (2027, 1, 24)),
            ((2027, 1, 31), 1, (2027, 2, 28)),
            ((2028, 1, 31), 1, (2028, 2, 29)),
            ((2100, 1, 29), 1, (2100, 2, 28)),
            ((2027, 1, 31), 3, (2027, 4, 30)),
            ((2028, 2, 29), 12, (2029, 2, 28)),
            ((2028, 2, 29), 48, (2032, 2, 29)),
            ((2026, 12, 31), 600, (2076, 12, 31)),
            ((1970, 1, 1), 0, (1970, 1, 1)),
        ];
        for ((year, month, day), months, (then_year, then_month, then_day)) in cases {
            let then = noon(then_year, then_month, then_day);
            assert_eq!(months_after(noon(year, month, day), months), then, "{year}-{month}-{day} + {months}");
        }
    }

    #[test]
    fn every_day_has_its_date_and_months_add_up() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for number_of_day in 0..200_000 {
            assert_eq!(date(number_of_day), (year, month, day));
            assert_eq!(number(year, month, day), number_of_day);
            day += 1;
            if day > length(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!(year, 2517);
    }

    #[test]
    fn no_time_is_too_large() {
        assert_eq!(months_after(u64::MAX, 600), u64::MAX);
        assert!(months_after(1 << 60, 1) > 1 << 60);
    }
}
