//! JSON text, read where it lies and written as it is needed: no tree, so that what nobody here knows passes on as it came.
//!
//! Ours because every page downloads it: its code in wasm is some 4 kB, where the library's with what is derived for each type
//! was 54. A text is checked as a whole, once, for what [RFC 8259] has; after that a value of it is only
//! a part of the text.
//!
//! [RFC 8259]: https://www.rfc-editor.org/rfc/rfc8259

mod reader;
mod write;

use std::fmt;

use reader::Reader;
pub use write::{ToJson, amended, object, or_null};

/// Lists and objects within one another: more of them are refused, so that reading them needs no more than some stack.
const DEEPEST: usize = 127;

/// Up to here every whole number is one in JavaScript as well.
const MOST_WHOLE: f64 = 9_007_199_254_740_991.0;

/// A value where it lies, in a text that is known to be JSON. To ask it for what it is not is no mistake: there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// What is not there is this.
    pub const NULL: Self = Self("null");

    /// The one value that a text is. `None` if it is none: if it is not JSON, nested too deeply, or has a number beyond what
    /// there is in floating point.
    #[must_use]
    pub fn read(text: &'a str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEEPEST)?;
        reader.peek().is_none().then_some(value)
    }

    /// The value as it was written.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// A copy, to keep.
    #[must_use]
    pub fn to_raw(self) -> Raw {
        Raw(self.0.to_owned())
    }

    /// Whether it is null, or not there.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_list(self) -> bool {
        self.0.starts_with('[')
    }

    /// Whether it is a text.
    #[must_use]
    pub fn is_text(self) -> bool {
        self.0.starts_with('"')
    }

    /// It, or what a literal says where it is null.
    #[must_use]
    pub fn or(self, literal: &'static str) -> Json<'a> {
        if self.is_null() { Self(literal) } else { self }
    }

    /// Whether it is this text.
    #[must_use]
    pub fn is(self, text: &str) -> bool {
        match self.inside() {
            Some(inside) if inside.bytes().all(|byte| byte != b'\\') => inside == text,
            Some(_) => self.text().is_some_and(|own| own == text),
            None => false,
        }
    }

    /// An object's value of that name, the last if there are several; null if there is none.
    #[must_use]
    pub fn get(self, key: &str) -> Self {
        let mut found = Self::NULL;
        self.entries().filter(|(name, _)| name.is(key)).for_each(|(_, value)| found = value);
        found
    }

    /// An object's names and values, in order. Anything else has none.
    pub fn entries(self) -> impl Iterator<Item = (Self, Self)> {
        let mut reader = self.within(self.is_object());
        std::iter::from_fn(move || {
            let name = reader.next(0)?;
            reader.eat(b':')?;
            Some((name, reader.value(DEEPEST)?))
        })
    }

    /// A list's values, in order. Anything else has none.
    pub fn items(self) -> impl Iterator<Item = Self> {
        let mut reader = self.within(self.is_list());
        std::iter::from_fn(move || reader.next(DEEPEST))
    }

    /// Behind the bracket.
    const fn within(self, has_any: bool) -> Reader<'a> {
        Reader { text: if has_any { self.0 } else { "" }, at: 1 }
    }

    /// `true` or `false`.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// A whole number from 0, if `T` has it: at most 2^53 - 1, above which JavaScript has none.
    #[must_use]
    pub fn whole<T: TryFrom<u64>>(self) -> Option<T> {
        T::try_from(self.count()?).ok()
    }

    fn count(self) -> Option<u64> {
        let number = self.number()?;
        let whole = number as u64;
        (whole as f64 == number && number <= MOST_WHOLE).then_some(whole)
    }

    /// A number: the nearest there is, if its digits are at most 2^53 and it has at most 22 decimals; else to a few units in
    /// the last place.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        let text = self.0.as_bytes();
        let is_negative = text.first() == Some(&b'-');
        let (mut digits, mut exponent, mut written) = (0_u64, 0_i32, 0_i32);
        let (mut is_fraction, mut power) = (false, 0);
        for (index, byte) in text.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            match byte {
                b'0'..=b'9' if power != 0 => written = (written * 10 + i32::from(digit)).min(MOST_EXPONENT),
                b'0'..=b'9' if digits < MOST_DIGITS => {
                    digits = digits * 10 + u64::from(digit);
                    exponent -= i32::from(is_fraction);
                }
                // What so many digits are followed by is beyond the precision; but there may be a place more of it.
                b'0'..=b'9' => exponent += i32::from(!is_fraction),
                b'.' => is_fraction = true,
                b'e' | b'E' => power = 1,
                b'-' if power != 0 => power = -1,
                b'-' if index == 0 => {}
                b'+' => {}
                _ => return None,
            }
        }
        let size = scaled(digits as f64, exponent.saturating_add(written * power));
        Some(if is_negative { -size } else { size })
    }

    /// A text, of which half a surrogate pair is replaced: there is none in Rust.
    #[must_use]
    pub fn text(self) -> Option<String> {
        let mut chars = self.inside()?.chars();
        let mut text = String::with_capacity(self.0.len());
        while let Some(char) = chars.next() {
            text.push(match char {
                '\\' => match chars.next()? {
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => escaped(&mut chars)?,
                    other => other,
                },
                other => other,
            });
        }
        Some(text)
    }

    /// What is between the quotation marks.
    fn inside(self) -> Option<&'a str> {
        self.0.strip_prefix('"')?.strip_suffix('"')
    }
}

/// What is read is often clinical, and may be a credential.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<JSON>")
    }
}

/// A value that is kept as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw(String);

impl Raw {
    /// A text, if it is JSON.
    #[must_use]
    pub fn read(text: String) -> Option<Self> {
        Json::read(&text)?;
        Some(Self(text))
    }

    /// An object, as [`amended`] writes it.
    #[must_use]
    pub fn amended(other: Json<'_>, members: &[(&str, &dyn ToJson)]) -> Self {
        let mut text = String::new();
        amended(&mut text, other, members);
        Self(text)
    }

    /// What a value is in JSON.
    #[must_use]
    pub fn of(value: &impl ToJson) -> Self {
        Self(value.to_json())
    }

    /// To look into it.
    #[must_use]
    pub fn json(&self) -> Json<'_> {
        Json(self.0.trim_ascii())
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.json().fmt(f)
    }
}

/// The digits of a number count as long as there is room for one more.
const MOST_DIGITS: u64 = u64::MAX / 10 - 1;

/// Beyond it everything is nothing, or without end.
const MOST_EXPONENT: i32 = 100_000_000;

/// Powers of ten are exact up to this one.
const EXACT_POWER: i32 = 22;

fn scaled(mut value: f64, mut exponent: i32) -> f64 {
    while exponent != 0 && value != 0.0 && value.is_finite() {
        let step = exponent.clamp(-EXACT_POWER, EXACT_POWER);
        let power = (0..step.abs()).fold(1.0, |power, _| power * 10.0);
        value = if step < 0 { value / power } else { value * power };
        exponent -= step;
    }
    value
}

/// What `\u` is followed by, and if that is the first half of a pair, the other half with it.
fn escaped(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let unit =
        |chars: &mut std::str::Chars<'_>| (0..4).try_fold(0, |unit, _| Some(unit * 16 + chars.next()?.to_digit(16)?));
    let mut code = unit(chars)?;
    if (0xD800..0xDC00).contains(&code) {
        let mut ahead = chars.clone();
        if (ahead.next(), ahead.next()) == (Some('\\'), Some('u'))
            && let Some(low @ 0xDC00..0xE000) = unit(&mut ahead)
        {
            code = 0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            *chars = ahead;
        }
    }
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}
