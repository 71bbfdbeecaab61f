//! The wire format of protocol buffers, as far as metrics need it: varints, doubles, and fields with a length.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>.

/// The byte that begins a field: its number, below 16, and its wire type.
#[derive(Clone, Copy)]
pub(crate) struct Key(u8);

impl Key {
    #[inline]
    pub(crate) const fn byte(self) -> u8 {
        self.0
    }

    pub(crate) const fn varint(field: u8) -> Self {
        Self(field << 3)
    }

    pub(crate) const fn double(field: u8) -> Self {
        Self(field << 3 | 1)
    }

    /// The key of a text, a message or packed numbers.
    pub(crate) const fn length(field: u8) -> Self {
        Self(field << 3 | 2)
    }
}

#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Maps a signed number to an unsigned one that is small if the magnitude is.
#[inline]
pub(crate) fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// Writes a number. Writes nothing for 0, the value of an absent field.
#[inline]
pub(crate) fn put_number(out: &mut Vec<u8>, key: Key, value: u64) {
    if value != 0 {
        out.push(key.0);
        put_varint(out, value);
    }
}

/// Writes a double. Writes nothing for 0, the value of an absent field.
#[inline]
pub(crate) fn put_double(out: &mut Vec<u8>, key: Key, value: f64) {
    let bits = value.to_bits();
    if bits != 0 {
        out.push(key.0);
        out.extend_from_slice(&bits.to_le_bytes());
    }
}

#[inline]
pub(crate) fn put_text(out: &mut Vec<u8>, key: Key, text: &[u8]) {
    out.push(key.0);
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text);
}

/// Begins a message within a message.
#[inline]
pub(crate) fn begin(out: &mut Vec<u8>, key: Key) -> usize {
    // Most are shorter than 128 bytes: a length of one byte.
    out.extend_from_slice(&[key.0, 0]);
    out.len()
}

/// Ends a message and writes its length before it. A length of more than one byte moves the message.
#[inline]
pub(crate) fn end(out: &mut Vec<u8>, begin: usize) {
    let length = out.len() - begin;
    if length < 0x80 {
        out[begin - 1] = length as u8;
    } else {
        put_length(out, begin, 1);
    }
}

/// Begins a message whose length most often takes two bytes.
#[inline]
pub(crate) fn begin_long(out: &mut Vec<u8>, key: Key) -> usize {
    out.extend_from_slice(&[key.0, 0, 0]);
    out.len()
}

/// Ends a message that [`begin_long`] began.
#[inline]
pub(crate) fn end_long(out: &mut Vec<u8>, begin: usize) {
    let length = out.len() - begin;
    if (0x80..0x4000).contains(&length) {
        out[begin - 2] = length as u8 | 0x80;
        out[begin - 1] = (length >> 7) as u8;
    } else {
        put_length(out, begin, 2);
    }
}

/// The bytes reserved for the length of a delimited message. They suffice for 2 MiB; shorter lengths move the message, which
/// is cheap for a short one.
const DELIMITED: usize = 3;

/// Begins a delimited message, which only its length precedes.
pub(crate) fn begin_delimited(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&[0; DELIMITED]);
    out.len()
}

/// Ends a delimited message.
pub(crate) fn end_delimited(out: &mut Vec<u8>, begin: usize) {
    put_length(out, begin, DELIMITED);
}

/// Removes a delimited message that was begun.
pub(crate) fn cancel_delimited(out: &mut Vec<u8>, begin: usize) {
    out.truncate(begin - DELIMITED);
}

/// Writes the length before a message, for which `reserved` bytes are free. Moves the message if the length takes more or
/// fewer bytes.
fn put_length(out: &mut Vec<u8>, begin: usize, reserved: usize) {
    let length = out.len() - begin;
    let mut varint = Vec::with_capacity(10);
    put_varint(&mut varint, length as u64);
    let at = begin - reserved;
    move_rest(out, begin, at + varint.len());
    out[at..at + varint.len()].copy_from_slice(&varint);
}

/// Moves the bytes from `from` on to `to`.
fn move_rest(out: &mut Vec<u8>, from: usize, to: usize) {
    let end = out.len();
    if to > from {
        out.resize(end + (to - from), 0);
    }
    if to != from {
        out.copy_within(from..end, to);
        out.truncate(end + to - from);
    }
}

/// Writes a message of one double.
#[inline]
pub(crate) fn put_message(out: &mut Vec<u8>, key: Key, field: Key, value: f64) {
    let bits = value.to_bits();
    if bits == 0 {
        return out.extend_from_slice(&[key.0, 0]);
    }
    put_with_double(out, [key.0, 9, field.0, 0, 0, 0, 0, 0, 0, 0, 0], bits);
}

/// Writes a message whose last eight bytes are a double.
#[inline]
fn put_with_double<const N: usize>(out: &mut Vec<u8>, mut message: [u8; N], bits: u64) {
    message[N - 8..].copy_from_slice(&bits.to_le_bytes());
    out.extend_from_slice(&message);
}

/// Writes a message of a number and a double. Histograms consist of these messages, so the usual ones are built on the stack
/// and copied at once.
#[inline]
pub(crate) fn put_counted(
    out: &mut Vec<u8>,
    key: Key,
    (field, count): (Key, u64),
    (double, value): (Key, f64),
) {
    let bits = value.to_bits();
    match count {
        0x01..=0x7f if bits != 0 => {
            let message = [key.0, 11, field.0, count as u8, double.0, 0, 0, 0, 0, 0, 0, 0, 0];
            put_with_double(out, message, bits);
        }
        0x80..=0x3fff if bits != 0 => {
            let [low, high] = [count as u8 | 0x80, (count >> 7) as u8];
            let message = [key.0, 12, field.0, low, high, double.0, 0, 0, 0, 0, 0, 0, 0, 0];
            put_with_double(out, message, bits);
        }
        _ => {
            let message = begin(out, key);
            put_number(out, field, count);
            put_double(out, double, value);
            end(out, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, value);
        out
    }

    #[test]
    fn numbers_are_encoded_as_the_format_requires() {
        assert_eq!(varint(0), [0]);
        assert_eq!(varint(127), [127]);
        assert_eq!(varint(150), [0x96, 1]);
        assert_eq!(varint(u64::MAX).len(), 10);
        assert_eq!([0, -1, 1, -2, i64::MAX, i64::MIN].map(zigzag), [0, 1, 2, 3, u64::MAX - 1, u64::MAX]);
    }

    #[test]
    fn messages_built_at_once_equal_messages_built_by_field() {
        let (key, number, double) = (Key::length(3), Key::varint(1), Key::double(2));
        for count in [0, 1, 127, 128, 16_383, 16_384, u64::MAX] {
            for value in [0.0, -0.0, 0.25, f64::INFINITY] {
                let (mut usual, mut plain) = (Vec::new(), Vec::new());
                put_counted(&mut usual, key, (number, count), (double, value));
                let message = begin(&mut plain, key);
                put_number(&mut plain, number, count);
                put_double(&mut plain, double, value);
                end(&mut plain, message);
                assert_eq!(usual, plain);
                let (mut usual, mut plain) = (Vec::new(), Vec::new());
                put_message(&mut usual, key, double, value);
                let message = begin(&mut plain, key);
                put_double(&mut plain, double, value);
                end(&mut plain, message);
                assert_eq!(usual, plain);
            }
        }
    }

    #[test]
    fn a_message_of_any_length_is_preceded_by_its_length() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 2_097_152] {
            let mut out = vec![9];
            let at = begin_delimited(&mut out);
            out.extend((0..length).map(|byte| byte as u8));
            end_delimited(&mut out, at);
            let mut expected = vec![9];
            put_varint(&mut expected, length);
            expected.extend((0..length).map(|byte| byte as u8));
            assert!(out == expected, "{length}");
            let mut short = Vec::new();
            let at = begin(&mut short, Key(9));
            short.extend((0..length).map(|byte| byte as u8));
            end(&mut short, at);
            let mut long = Vec::new();
            let at = begin_long(&mut long, Key(9));
            long.extend((0..length).map(|byte| byte as u8));
            end_long(&mut long, at);
            assert!(long == expected && short == expected, "{length}");
        }
    }
}
