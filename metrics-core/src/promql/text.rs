//! Text in constant functions: slices, comparisons, and messages.

/// Returns the bytes from `from` to `to`, which must be character boundaries.
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

/// Returns `true` if `word` equals `lower` ignoring case, as for keywords.
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

/// A text of limited length; longer text is dropped.
pub(super) struct Message {
    bytes: [u8; Message::MOST],
    length: usize,
}

impl Message {
    const MOST: usize = 1024;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::MOST], length: 0 }
    }

    /// Appends a text if it fits.
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
        // Only whole texts are appended, so the bytes are valid UTF-8.
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}
