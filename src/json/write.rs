//! The writer: values append themselves to a text.

use super::{Json, Raw};

/// What has a form in JSON.
pub trait ToJson {
    /// Appends it to a text.
    fn write(&self, json: &mut String);

    /// Whether an object leaves it out.
    fn is_absent(&self) -> bool {
        false
    }

    /// It alone.
    fn to_json(&self) -> String
    where
        Self: Sized,
    {
        text(self)
    }
}

/// Once for all types: it is no part of what every one of them has to be written.
fn text(value: &dyn ToJson) -> String {
    let mut json = String::new();
    value.write(&mut json);
    json
}

/// Appends an object. What is absent is left out of it.
pub fn object(json: &mut String, members: &[(&str, &dyn ToJson)]) {
    amended(json, Json::NULL, members);
}

/// Appends an object: the members of another as they were written, and these. Of the same name these count, and one that is
/// absent takes away the other's.
pub fn amended(json: &mut String, other: Json<'_>, members: &[(&str, &dyn ToJson)]) {
    let mut next = '{';
    for (name, value) in other.entries() {
        if members.iter().any(|(own, _)| name.is(own)) {
            continue;
        }
        json.push(std::mem::replace(&mut next, ','));
        json.push_str(name.as_str());
        json.push(':');
        json.push_str(value.as_str());
    }
    for (name, value) in members {
        if value.is_absent() {
            continue;
        }
        json.push(std::mem::replace(&mut next, ','));
        name.write(json);
        json.push(':');
        value.write(json);
    }
    if next == '{' {
        json.push(next);
    }
    json.push('}');
}

/// What an object says of it if there is none: null.
pub fn or_null<T: ToJson>(value: &Option<T>) -> &dyn ToJson {
    value.as_ref().map_or(&Json::NULL as &dyn ToJson, |value| value)
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn write(&self, json: &mut String) {
        (**self).write(json);
    }

    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }
}

/// Null, or absent where an object would have it.
impl<T: ToJson> ToJson for Option<T> {
    fn write(&self, json: &mut String) {
        match self {
            Some(value) => value.write(json),
            None => Json::NULL.write(json),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// `{ "Ok": … }` or `{ "Err": … }`.
impl<T: ToJson, E: ToJson> ToJson for Result<T, E> {
    fn write(&self, json: &mut String) {
        match self {
            Ok(value) => object(json, &[("Ok", value)]),
            Err(error) => object(json, &[("Err", error)]),
        }
    }
}

impl ToJson for () {
    fn write(&self, json: &mut String) {
        Json::NULL.write(json);
    }
}

impl ToJson for Json<'_> {
    fn write(&self, json: &mut String) {
        json.push_str(self.as_str());
    }
}

impl ToJson for Raw {
    fn write(&self, json: &mut String) {
        json.push_str(self.as_str());
    }
}

impl ToJson for bool {
    fn write(&self, json: &mut String) {
        json.push_str(if *self { "true" } else { "false" });
    }
}

impl ToJson for str {
    fn write(&self, json: &mut String) {
        json.push('"');
        for char in self.chars() {
            match char {
                '\0'..='\x1F' => {
                    json.push_str(if char < '\x10' { "\\u000" } else { "\\u001" });
                    json.push(char::from(b"0123456789abcdef"[char as usize % 16]));
                }
                '"' | '\\' => {
                    json.push('\\');
                    json.push(char);
                }
                _ => json.push(char),
            }
        }
        json.push('"');
    }
}

impl ToJson for String {
    fn write(&self, json: &mut String) {
        self.as_str().write(json);
    }
}

impl<T: ToJson> ToJson for [T] {
    fn write(&self, json: &mut String) {
        json.push('[');
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            item.write(json);
        }
        json.push(']');
    }
}

impl<T: ToJson, const N: usize> ToJson for [T; N] {
    fn write(&self, json: &mut String) {
        self.as_slice().write(json);
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn write(&self, json: &mut String) {
        self.as_slice().write(json);
    }
}

impl ToJson for u64 {
    fn write(&self, json: &mut String) {
        if *self >= 10 {
            (self / 10).write(json);
        }
        json.push(char::from(b'0' + (self % 10) as u8));
    }
}

impl ToJson for usize {
    fn write(&self, json: &mut String) {
        (*self as u64).write(json);
    }
}

impl ToJson for u32 {
    fn write(&self, json: &mut String) {
        u64::from(*self).write(json);
    }
}

impl ToJson for u16 {
    fn write(&self, json: &mut String) {
        u64::from(*self).write(json);
    }
}

impl ToJson for u8 {
    fn write(&self, json: &mut String) {
        u64::from(*self).write(json);
    }
}

/// A billionth of a second is what times are counted in.
const BILLION: f64 = 1e9;

/// A number that is not smaller has no fraction, and is written with an exponent.
const LARGE: f64 = 9e15;

/// To the nearest billionth: then a time in seconds is what it was. Null if it is not finite.
impl ToJson for f64 {
    fn write(&self, json: &mut String) {
        let (mut size, mut tens) = (self.abs(), 0_u64);
        if !size.is_finite() {
            return Json::NULL.write(json);
        }
        while size >= LARGE {
            size /= 10.0;
            tens += 1;
        }
        let mut whole = size as u64;
        let mut fraction = ((size - whole as f64) * BILLION + 0.5) as u64;
        let mut unit = BILLION as u64;
        whole += fraction / unit;
        fraction %= unit;
        if *self < 0.0 && whole + fraction > 0 {
            json.push('-');
        }
        whole.write(json);
        if fraction > 0 {
            json.push('.');
        }
        while fraction > 0 {
            unit /= 10;
            (fraction / unit).write(json);
            fraction %= unit;
        }
        if tens > 0 {
            json.push('e');
            tens.write(json);
        }
    }
}
