//! Text in constants: parts of it, comparisons, and messages put together from it.

/// The bytes from `from` to `to`, which are on the boundaries of characters.
pub(super) const fn part(text: &str, from: usize, to: usize) -> &str {
    text.split_at(to).0.split_at(from).1
}

pub(super) const fn same(left: &str, right: &str) -> bool {
    left.len() == right.len() && starts_with(left, right)
}

pub(super) const fn starts_with(text: &str, start: &str) -> bool {
    let (text, start) = (text.as_bytes(), start.as_bytes());
    let mut at = 0;
    while at < start.len() {
        if at >= text.len() || text[at] != start[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Whether `word` is `lower` in any case, as keywords may be.
pub(super) const fn is_word(word: &str, lower: &str) -> bool {
    let (word, lower) = (word.as_bytes(), lower.as_bytes());
    let mut at = 0;
    while at < word.len() && at < lower.len() && word[at].eq_ignore_ascii_case(&lower[at]) {
        at += 1;
    }
    at == word.len() && at == lower.len()
}

pub(super) const fn is_one_of(word: &str, words: &[&str]) -> bool {
    let mut at = 0;
    while at < words.len() {
        if is_word(word, words[at]) {
            return true;
        }
        at += 1;
    }
    false
}

/// Text of limited length; what is too much is left out.
pub(super) struct Message {
    bytes: [u8; Message::MOST],
    length: usize,
}

impl Message {
    const MOST: usize = 1024;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::MOST], length: 0 }
    }

    /// Adds all of a text, or nothing.
    pub(super) const fn push(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if self.length + bytes.len() > Self::MOST {
            return;
        }
        let mut at = 0;
        while at < bytes.len() {
            self.bytes[self.length + at] = bytes[at];
            at += 1;
        }
        self.length += bytes.len();
    }

    pub(super) const fn push_quoted(&mut self, text: &str) {
        self.push("`");
        self.push(text);
        self.push("`");
    }

    pub(super) const fn push_times(&mut self, text: &str, mut times: usize) {
        while times > 0 {
            self.push(text);
            times -= 1;
        }
    }

    pub(super) const fn as_str(&self) -> &str {
        // Whole texts were added, so this is one.
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}
