//! Numbers as people read them.

/// Three digits, without zeros that say nothing.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        _ if size == 0.0 || size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if digits == 0 {
        return grouped(&text);
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Thousands apart: `12 345 678`.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A whole number.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// A time given in milliseconds.
pub fn ms(value: f64) -> String {
    match value {
        _ if value < 1.0 && value > 0.0 => format!("{} µs", number(value * 1e3)),
        _ if value < 1e3 => format!("{} ms", number(value)),
        _ => seconds(value / 1e3),
    }
}

/// A time given in seconds.
pub fn seconds(value: f64) -> String {
    match value.abs() {
        0.0 => "0 s".to_owned(),
        size if size < 1e-3 => format!("{} µs", number(value * 1e6)),
        size if size < 1.0 => format!("{} ms", number(value * 1e3)),
        size if size < 600.0 => format!("{} s", number(value)),
        size if size < 7_200.0 => format!("{} min", number(value / 60.0)),
        size if size < 172_800.0 => format!("{} h", number(value / 3_600.0)),
        _ => format!("{} d", number(value / 86_400.0)),
    }
}

/// Bytes, by thousands.
pub fn bytes(value: f64) -> String {
    match value.abs() {
        size if size < 1e3 => format!("{} B", number(value)),
        size if size < 1e6 => format!("{} kB", number(value / 1e3)),
        size if size < 1e9 => format!("{} MB", number(value / 1e6)),
        _ => format!("{} GB", number(value / 1e9)),
    }
}

/// A part, with as many digits as tell it from the whole.
pub fn percent(value: f64) -> String {
    let hundredths = value * 100.0;
    let short = 100.0 - hundredths;
    match short {
        _ if short == 0.0 || hundredths == 0.0 => format!("{hundredths:.0} %"),
        // 99.996 % is not 100 %.
        _ if short > 0.0 && short < 0.01 => format!("{:.4} %", (hundredths * 1e4).floor() / 1e4),
        _ if short > 0.0 && short < 1.0 => format!("{:.2} %", (hundredths * 1e2).floor() / 1e2),
        _ => format!("{hundredths:.1} %"),
    }
}

/// Whatever it is, or a dash.
pub fn some(value: Option<f64>, form: fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_do_not_flatter() {
        assert_eq!(number(0.0), "0");
        assert_eq!(number(12_345_678.0), "12\u{202f}345\u{202f}678");
        assert_eq!(number(1_234.0), "1234");
        assert_eq!(number(-12_345.0), "-12\u{202f}345");
        assert_eq!((number(12.34), number(1.5), number(0.25)), ("12.3".into(), "1.5".into(), "0.25".into()));
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.999_96), "99.9960 %");
        assert_eq!(percent(0.999_999_9), "99.9999 %");
        assert_eq!(percent(0.9987), "99.87 %");
        assert_eq!(percent(0.5), "50.0 %");
        assert_eq!((ms(0.25), ms(250.0), ms(2_500.0)), ("250 µs".into(), "250 ms".into(), "2.5 s".into()));
        assert_eq!(
            (seconds(90.0), seconds(1_200.0), seconds(86_400.0)),
            ("90 s".into(), "20 min".into(), "24 h".into())
        );
        assert_eq!((bytes(999.0), bytes(1_500.0)), ("999 B".into(), "1.5 kB".into()));
        assert_eq!(some(None, percent), "–");
    }
}
