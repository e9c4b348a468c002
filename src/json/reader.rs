//! Goes through a text from value to value.

use super::Json;

/// Goes through a text, and stops where it is no JSON. It goes through what was checked in the same way.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no space.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    pub(super) fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// The next of several, behind the comma if it is not the first.
    pub(super) fn next(&mut self, depth: usize) -> Option<Json<'a>> {
        let _ = self.eat(b',');
        self.value(depth)
    }

    /// A value that holds others at most so deep.
    pub(super) fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        let first = self.peek()?;
        let start = self.at;
        let whole = |reader: &Self| reader.text.get(start..reader.at).map(Json);
        match first {
            b'"' => self.string()?,
            b'{' => self.members(b'}', depth.checked_sub(1)?)?,
            b'[' => self.members(b']', depth.checked_sub(1)?)?,
            b'-' | b'0'..=b'9' => {
                self.digits()?;
                whole(self)?.number().filter(|number| number.is_finite())?;
            }
            _ => {
                let rest = self.text.as_bytes().get(start..)?;
                let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word.as_bytes()))?;
                self.at += word.len();
            }
        }
        whole(self)
    }

    fn members(&mut self, end: u8, depth: usize) -> Option<()> {
        self.at += 1;
        if self.eat(end).is_some() {
            return Some(());
        }
        loop {
            if end == b'}' {
                self.peek()?;
                self.string()?;
                self.eat(b':')?;
            }
            self.value(depth)?;
            if self.eat(b',').is_none() {
                return self.eat(end);
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        if self.byte()? != b'"' {
            return None;
        }
        loop {
            self.at += 1;
            match self.byte()? {
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    match self.byte()? {
                        b'u' => {
                            let digits = self.text.as_bytes().get(self.at + 1..self.at + 5)?;
                            digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                            self.at += 4;
                        }
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        _ => return None,
                    }
                }
                0..=0x1F => return None,
                _ => {}
            }
        }
        self.at += 1;
        Some(())
    }

    /// A number: its digits are where they belong.
    fn digits(&mut self) -> Option<()> {
        self.skip(b"-");
        if !self.skip(b"0") {
            self.some_digits()?;
        }
        if self.skip(b".") {
            self.some_digits()?;
        }
        if self.skip(b"eE") {
            self.skip(b"+-");
            self.some_digits()?;
        }
        Some(())
    }

    fn some_digits(&mut self) -> Option<()> {
        self.skip(b"0123456789").then_some(())?;
        while self.skip(b"0123456789") {}
        Some(())
    }

    /// Whether the next byte is one of these; then it is passed.
    fn skip(&mut self, bytes: &[u8]) -> bool {
        let is_one = self.byte().is_some_and(|byte| bytes.contains(&byte));
        self.at += usize::from(is_one);
        is_one
    }
}
