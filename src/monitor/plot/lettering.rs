//! Letters for pictures of pixels: five by seven dots each, so that text needs no font and no library that looks for one.

use plotters::prelude::DrawingBackend;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind};

/// A backend whose text is drawn here, and all else by another.
pub(super) struct Lettered<B>(pub(super) B);

/// Dots of a letter, and from one letter to the next.
const ROWS: i32 = 7;
const ADVANCE: i32 = 6;
/// The size of text for each pixel that a dot is wide.
const SIZE_OF_DOT: f64 = 8.0;

/// The columns of each letter, the highest dot in the lowest bit.
#[rustfmt::skip]
const LETTERS: [(char, [u8; 5]); 42] = [
    (' ', [0x00, 0x00, 0x00, 0x00, 0x00]), ('+', [0x08, 0x08, 0x3e, 0x08, 0x08]), (',', [0x00, 0x50, 0x30, 0x00, 0x00]),
    ('-', [0x08, 0x08, 0x08, 0x08, 0x08]), ('.', [0x00, 0x60, 0x60, 0x00, 0x00]), ('/', [0x20, 0x10, 0x08, 0x04, 0x02]),
    ('0', [0x3e, 0x51, 0x49, 0x45, 0x3e]), ('1', [0x00, 0x42, 0x7f, 0x40, 0x00]), ('2', [0x42, 0x61, 0x51, 0x49, 0x46]),
    ('3', [0x21, 0x41, 0x45, 0x4b, 0x31]), ('4', [0x18, 0x14, 0x12, 0x7f, 0x10]), ('5', [0x27, 0x45, 0x45, 0x45, 0x39]),
    ('6', [0x3c, 0x4a, 0x49, 0x49, 0x30]), ('7', [0x01, 0x71, 0x09, 0x05, 0x03]), ('8', [0x36, 0x49, 0x49, 0x49, 0x36]),
    ('9', [0x06, 0x49, 0x49, 0x29, 0x1e]), ('a', [0x20, 0x54, 0x54, 0x54, 0x78]), ('b', [0x7f, 0x48, 0x44, 0x44, 0x38]),
    ('c', [0x38, 0x44, 0x44, 0x44, 0x20]), ('d', [0x38, 0x44, 0x44, 0x48, 0x7f]), ('e', [0x38, 0x54, 0x54, 0x54, 0x18]),
    ('f', [0x08, 0x7e, 0x09, 0x01, 0x02]), ('g', [0x0c, 0x52, 0x52, 0x52, 0x3e]), ('h', [0x7f, 0x08, 0x04, 0x04, 0x78]),
    ('i', [0x00, 0x44, 0x7d, 0x40, 0x00]), ('j', [0x20, 0x40, 0x44, 0x3d, 0x00]), ('k', [0x7f, 0x10, 0x28, 0x44, 0x00]),
    ('l', [0x00, 0x41, 0x7f, 0x40, 0x00]), ('m', [0x7c, 0x04, 0x18, 0x04, 0x78]), ('n', [0x7c, 0x08, 0x04, 0x04, 0x78]),
    ('o', [0x38, 0x44, 0x44, 0x44, 0x38]), ('p', [0x7c, 0x14, 0x14, 0x14, 0x08]), ('q', [0x08, 0x14, 0x14, 0x18, 0x7c]),
    ('r', [0x7c, 0x08, 0x04, 0x04, 0x08]), ('s', [0x48, 0x54, 0x54, 0x54, 0x20]), ('t', [0x04, 0x3f, 0x44, 0x40, 0x20]),
    ('u', [0x3c, 0x40, 0x40, 0x20, 0x7c]), ('v', [0x1c, 0x20, 0x40, 0x20, 0x1c]), ('w', [0x3c, 0x40, 0x30, 0x40, 0x3c]),
    ('x', [0x44, 0x28, 0x10, 0x28, 0x44]), ('y', [0x0c, 0x50, 0x50, 0x50, 0x3c]), ('z', [0x44, 0x64, 0x54, 0x4c, 0x44]),
];

/// The columns of a letter; of one that is not there, a box.
fn columns(letter: char) -> [u8; 5] {
    LETTERS.iter().find(|known| known.0 == letter).map_or([0x7f, 0x41, 0x41, 0x41, 0x7f], |known| known.1)
}

/// How many pixels a dot is wide, and the size of a text in pixels.
fn extent(text: &str, size: f64) -> (i32, i32, i32) {
    let dot = (size / SIZE_OF_DOT).round().clamp(1.0, 16.0) as i32;
    (dot, dot * (ADVANCE * text.chars().count() as i32 - 1).max(0), dot * ROWS)
}

/// The dots of a text: columns and rows.
fn dots(text: &str) -> impl Iterator<Item = (i32, i32)> + '_ {
    let letters = text.chars().enumerate();
    letters.flat_map(|(k, letter)| {
        let columns = columns(letter).into_iter().enumerate();
        columns.flat_map(move |(column, bits)| {
            (0..ROWS).filter(move |row| bits >> row & 1 == 1).map(move |row| (ADVANCE * k as i32 + column as i32, row))
        })
    })
}

type Drawn<B> = Result<(), DrawingErrorKind<<B as DrawingBackend>::ErrorType>>;

impl<B: DrawingBackend> DrawingBackend for Lettered<B> {
    type ErrorType = B::ErrorType;

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn<B> {
        let (dot, width, height) = extent(text, style.size());
        let left = match style.anchor().h_pos {
            HPos::Left => 0,
            HPos::Center => -width / 2,
            HPos::Right => -width,
        };
        let top = match style.anchor().v_pos {
            VPos::Top => 0,
            VPos::Center => -height / 2,
            VPos::Bottom => -height,
        };
        let (color, turn) = (style.color(), style.transform());
        for (column, row) in dots(text) {
            for (across, down) in (0..dot).flat_map(|across| (0..dot).map(move |down| (across, down))) {
                let (x, y) = turn.transform(left + dot * column + across, top + dot * row + down);
                self.0.draw_pixel((at.0 + x, at.1 + y), color)?;
            }
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Result<(u32, u32), DrawingErrorKind<B::ErrorType>> {
        let (_, width, height) = extent(text, style.size());
        Ok((width.unsigned_abs(), height.unsigned_abs()))
    }

    fn get_size(&self) -> (u32, u32) {
        self.0.get_size()
    }

    fn ensure_prepared(&mut self) -> Drawn<B> {
        self.0.ensure_prepared()
    }

    fn present(&mut self) -> Drawn<B> {
        self.0.present()
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn<B> {
        self.0.draw_pixel(at, color)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn<B> {
        self.0.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn<B> {
        self.0.draw_rect(from, to, style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn<B> {
        self.0.draw_path(path, style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_size_of_its_dots() {
        for (text, size) in [("1e-10", 14.0), ("value", 8.0), ("x", 30.0)] {
            let (dot, width, height) = extent(text, size);
            let (last, lowest) = dots(text).fold((0, 0), |most, at| (most.0.max(at.0), most.1.max(at.1)));
            assert!(dot * (last + 1) <= width && dot * (lowest + 1) <= height, "{text}: {width} x {height}");
        }
        assert_eq!(extent("", 14.0).1, 0);
    }

    #[test]
    fn every_character_of_a_chart_has_a_letter_of_its_own() {
        let text = "0123456789 lanes, lowest value 1.5e-7 steps evaluations seconds quartiles median best inf +nan";
        let missing = columns('\u{0}');
        assert!(text.chars().all(|letter| columns(letter) != missing));
        for (k, (letter, columns)) in LETTERS.iter().enumerate() {
            assert!(LETTERS[..k].iter().all(|before| before.0 != *letter && before.1 != *columns), "{letter} is another's");
        }
    }
}
