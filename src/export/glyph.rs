//! Block elements, box drawing and braille as shapes: no font draws them so that they meet, and few have them all.
//!
//! A cell is [`WIDTH`] by [`HEIGHT`] units with its origin at the upper left, which makes eighths of both whole.

/// Units across a cell.
pub(super) const WIDTH: u32 = 16;
/// Units down a cell.
pub(super) const HEIGHT: u32 = 32;
/// Units from the top of a row to the base line of its letters.
pub(super) const BASE: u32 = 24;
/// In units; monospaced fonts are about six tenths as wide as that.
pub(super) const FONT_SIZE: u32 = 26;

const CENTER: (i32, i32) = (WIDTH as i32 / 2, HEIGHT as i32 / 2);

/// A filled rectangle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rect {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// How a character is drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// Filled rectangles, which may overlap.
    Fill(Vec<Rect>),
    /// The whole cell at so many quarters of the colour.
    Shade(u8),
    /// Curves.
    Line(&'static [Stroke]),
}

/// A curve of a [`Shape::Line`]: where it starts, and how it goes on from there.
pub(super) type Stroke = ((u32, u32), &'static [Leg]);

/// A part of a curve, relative to where the part before it ends. In units to the right and down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leg {
    /// A line downwards.
    Down(i32),
    /// A straight line.
    Line(i32, i32),
    /// A quarter of a circle that leaves upwards or downwards.
    Quarter(i32, i32),
}

/// Thickness of a line drawn as a [`Shape::Line`].
pub(super) const LIGHT: u32 = 2;

/// The shape of `char`, if it is one that is drawn.
pub(super) fn shape(char: char) -> Option<Shape> {
    let code = u32::from(char);
    match char {
        '\u{2500}'..='\u{257F}' => Some(line(code - 0x2500)),
        '\u{2591}'..='\u{2593}' => Some(Shape::Shade((code - 0x2590) as u8)),
        '\u{2580}'..='\u{259F}' => Some(Shape::Fill(block(code - 0x2580))),
        '\u{2801}'..='\u{28FF}' => Some(Shape::Fill(dots(code - 0x2800))),
        _ => None,
    }
}

const fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect {
        x,
        y,
        width,
        height,
    }
}

/// Block elements but the shades, by their place in U+2580 to U+259F.
fn block(place: u32) -> Vec<Rect> {
    match place {
        0x00 => vec![rect(0, 0, WIDTH, HEIGHT / 2)],
        // Lower one eighth to the full block.
        0x01..=0x08 => {
            let height = HEIGHT / 8 * place;
            vec![rect(0, HEIGHT - height, WIDTH, height)]
        }
        // Left seven eighths to one eighth.
        0x09..=0x0F => vec![rect(0, 0, WIDTH / 8 * (0x10 - place), HEIGHT)],
        0x10 => vec![rect(WIDTH / 2, 0, WIDTH / 2, HEIGHT)],
        0x14 => vec![rect(0, 0, WIDTH, HEIGHT / 8)],
        0x15 => vec![rect(WIDTH - WIDTH / 8, 0, WIDTH / 8, HEIGHT)],
        _ => quadrants(QUADRANTS[(place as usize).saturating_sub(0x16) % QUADRANTS.len()]),
    }
}

/// U+2596 to U+259F: upper left 1, upper right 2, lower left 4, lower right 8.
const QUADRANTS: [u8; 10] = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14];

fn quadrants(set: u8) -> Vec<Rect> {
    let (width, height) = (WIDTH / 2, HEIGHT / 2);
    (0..4)
        .filter(|bit| set & (1 << bit) != 0)
        .map(|bit| rect(bit % 2 * width, bit / 2 * height, width, height))
        .collect()
}

/// The dots of braille: the left column downwards, then the right one, and at last the lowest two.
const DOTS: [(u32, u32); 8] = [
    (0, 0),
    (0, 1),
    (0, 2),
    (1, 0),
    (1, 1),
    (1, 2),
    (0, 3),
    (1, 3),
];

/// Braille by its place behind U+2800: each dot is as wide as half of the way to the next.
fn dots(set: u32) -> Vec<Rect> {
    let (across, down) = (WIDTH / 2, HEIGHT / 4);
    DOTS.iter()
        .enumerate()
        .filter(|(bit, _)| set & (1 << bit) != 0)
        .map(|(_, (x, y))| {
            let side = across / 2;
            rect(x * across + side / 2, y * down + side / 2, side, side)
        })
        .collect()
}

/// The arms of each character from U+2500 on: up, right, down, left, each absent 0, light 1, heavy 2 or double 3.
/// Those without arms are dashed, curved or diagonal, and follow in [`dashes`] and [`CURVES`].
#[rustfmt::skip]
const ARMS: [&[u8; 4]; 128] = [
    b"0101", b"0202", b"1010", b"2020", b"    ", b"    ", b"    ", b"    ", // ─━│┃┄┅┆┇
    b"    ", b"    ", b"    ", b"    ", b"0110", b"0210", b"0120", b"0220", // ┈┉┊┋┌┍┎┏
    b"0011", b"0012", b"0021", b"0022", b"1100", b"1200", b"2100", b"2200", // ┐┑┒┓└┕┖┗
    b"1001", b"1002", b"2001", b"2002", b"1110", b"1210", b"2110", b"1120", // ┘┙┚┛├┝┞┟
    b"2120", b"2210", b"1220", b"2220", b"1011", b"1012", b"2011", b"1021", // ┠┡┢┣┤┥┦┧
    b"2021", b"2012", b"1022", b"2022", b"0111", b"0112", b"0211", b"0212", // ┨┩┪┫┬┭┮┯
    b"0121", b"0122", b"0221", b"0222", b"1101", b"1102", b"1201", b"1202", // ┰┱┲┳┴┵┶┷
    b"2101", b"2102", b"2201", b"2202", b"1111", b"1112", b"1211", b"1212", // ┸┹┺┻┼┽┾┿
    b"2111", b"1121", b"2121", b"2112", b"2211", b"1122", b"1221", b"2212", // ╀╁╂╃╄╅╆╇
    b"1222", b"2122", b"2221", b"2222", b"    ", b"    ", b"    ", b"    ", // ╈╉╊╋╌╍╎╏
    b"0303", b"3030", b"0310", b"0130", b"0330", b"0013", b"0031", b"0033", // ═║╒╓╔╕╖╗
    b"1300", b"3100", b"3300", b"1003", b"3001", b"3003", b"1310", b"3130", // ╘╙╚╛╜╝╞╟
    b"3330", b"1013", b"3031", b"3033", b"0313", b"0131", b"0333", b"1303", // ╠╡╢╣╤╥╦╧
    b"3101", b"3303", b"1313", b"3131", b"3333", b"    ", b"    ", b"    ", // ╨╩╪╫╬╭╮╯
    b"    ", b"    ", b"    ", b"    ", b"0001", b"1000", b"0100", b"0010", // ╰╱╲╳╴╵╶╷
    b"0002", b"2000", b"0200", b"0020", b"0201", b"1020", b"0102", b"2010", // ╸╹╺╻╼╽╾╿
];

/// `╭╮╯╰╱╲╳`, U+256D to U+2573.
const CURVES: [&[Stroke]; 7] = [
    &[((8, 32), &[Leg::Down(-8), Leg::Quarter(8, -8)])],
    &[((8, 32), &[Leg::Down(-8), Leg::Quarter(-8, -8)])],
    &[((8, 0), &[Leg::Down(8), Leg::Quarter(-8, 8)])],
    &[((8, 0), &[Leg::Down(8), Leg::Quarter(8, 8)])],
    &[RISING],
    &[FALLING],
    &[RISING, FALLING],
];
const RISING: Stroke = ((0, 32), &[Leg::Line(16, -32)]);
const FALLING: Stroke = ((0, 0), &[Leg::Line(16, 32)]);

fn line(place: u32) -> Shape {
    match place {
        0x04..=0x07 => Shape::Fill(dashes(3, place & 1 != 0, place & 2 != 0)),
        0x08..=0x0B => Shape::Fill(dashes(4, place & 1 != 0, place & 2 != 0)),
        0x4C..=0x4F => Shape::Fill(dashes(2, place & 1 != 0, place & 2 != 0)),
        0x6D..=0x73 => Shape::Line(CURVES[place as usize - 0x6D]),
        _ => Shape::Fill(arms(ARMS[place as usize].map(|digit| digit - b'0'))),
    }
}

/// A line of `count` dashes.
fn dashes(count: u32, heavy: bool, vertical: bool) -> Vec<Rect> {
    let along = if vertical { HEIGHT } else { WIDTH };
    let thick = thickness(1 + u8::from(heavy)) as u32;
    (0..count)
        .map(|dash| (dash * along / count + 1, (dash + 1) * along / count - 1))
        .map(|(from, to)| {
            if vertical {
                rect(WIDTH / 2 - thick / 2, from, thick, to - from)
            } else {
                rect(from, HEIGHT / 2 - thick / 2, to - from, thick)
            }
        })
        .collect()
}

/// Thickness of one stroke of a weight.
const fn thickness(weight: u8) -> i32 {
    match weight {
        0 => 0,
        2 => 4,
        _ => LIGHT as i32,
    }
}

const DOUBLE: u8 = 3;
/// The strokes of a double line lie this far from its middle, measured between middles.
const APART: i32 = 3;
/// From the middle of a double line to the inner and the outer edge of a stroke.
const INNER: i32 = APART - thickness(DOUBLE) / 2;
const OUTER: i32 = APART + thickness(DOUBLE) / 2;

/// The strokes of up to four arms. Each runs from the cell's edge to the middle, and some way beyond or less so that
/// it meets what comes from the sides.
fn arms(weights: [u8; 4]) -> Vec<Rect> {
    let mut rects = Vec::new();
    // From left to right, so that a horizontal line is one rectangle in the end.
    for arm in [3, 1, 0, 2] {
        let weight = weights[arm];
        // What comes from the left and right, or from above and below.
        let sides = if is_vertical(arm) {
            [weights[3], weights[1]]
        } else {
            [weights[0], weights[2]]
        };
        let ahead = weights[(arm + 2) % 4] != 0;
        match weight {
            0 => {}
            DOUBLE => {
                rects.push(stroke(
                    arm,
                    -APART,
                    weight,
                    double_reach(sides[0], sides[1], ahead),
                ));
                rects.push(stroke(
                    arm,
                    APART,
                    weight,
                    double_reach(sides[1], sides[0], ahead),
                ));
            }
            _ => rects.push(stroke(arm, 0, weight, single_reach(sides, ahead))),
        }
    }
    rects
}

const fn is_vertical(arm: usize) -> bool {
    arm.is_multiple_of(2)
}

/// How far beyond the middle a single stroke reaches.
fn single_reach(sides: [u8; 2], ahead: bool) -> i32 {
    let doubles = sides.iter().filter(|&&side| side == DOUBLE).count();
    match doubles {
        0 => thickness(sides[0]).max(thickness(sides[1])) / 2,
        _ if ahead => 0,
        1 => OUTER,
        _ => -INNER,
    }
}

/// How far beyond the middle one stroke of a double line reaches: `near` comes from its own side, `far` from the other.
fn double_reach(near: u8, far: u8, ahead: bool) -> i32 {
    match (near, far) {
        (DOUBLE, _) => -INNER,
        _ if ahead => 0,
        (0, DOUBLE) => OUTER,
        (near, far) => thickness(near.max(far)) / 2,
    }
}

/// One stroke of an arm (0 up, 1 right, 2 down, 3 left), `off` beside the middle, from the edge to `reach` beyond it.
fn stroke(arm: usize, off: i32, weight: u8, reach: i32) -> Rect {
    let thick = thickness(weight);
    let (middle, length, across) = if is_vertical(arm) {
        (CENTER.1, HEIGHT as i32, CENTER.0)
    } else {
        (CENTER.0, WIDTH as i32, CENTER.1)
    };
    let (from, to) = if matches!(arm, 0 | 3) {
        (0, middle + reach)
    } else {
        (middle - reach, length)
    };
    let side = (across + off - thick / 2) as u32;
    let (from, long) = (from as u32, (to - from) as u32);
    if is_vertical(arm) {
        rect(side, from, thick as u32, long)
    } else {
        rect(from, side, long, thick as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cell in units, one character for each 2 by 2: drawn or not.
    fn picture(char: char) -> Vec<String> {
        let Some(Shape::Fill(rects)) = shape(char) else {
            panic!("{char} is not filled");
        };
        let covers = |x: u32, y: u32| {
            rects.iter().any(|rect| {
                (rect.x..rect.x + rect.width).contains(&x)
                    && (rect.y..rect.y + rect.height).contains(&y)
            })
        };
        (0..HEIGHT)
            .map(|y| {
                (0..WIDTH)
                    .map(|x| if covers(x, y) { '#' } else { '.' })
                    .collect()
            })
            .collect()
    }

    /// Which of the cell's four edges a character touches, as strings of its edge pixels.
    fn edges(char: char) -> [String; 4] {
        let rows = picture(char);
        let column = |x: usize| rows.iter().map(|row| &row[x..=x]).collect::<String>();
        [
            rows[0].clone(),
            column(WIDTH as usize - 1),
            rows[HEIGHT as usize - 1].clone(),
            column(0),
        ]
    }

    fn all() -> impl Iterator<Item = char> {
        ('\u{2500}'..='\u{259F}')
            .chain('\u{2800}'..='\u{28FF}')
            .filter(|&char| shape(char).is_some())
    }

    #[test]
    fn every_character_is_drawn_inside_its_cell() {
        assert_eq!(all().count(), 160 + 255);
        for char in all() {
            match shape(char) {
                Some(Shape::Fill(rects)) => {
                    assert!(!rects.is_empty(), "{char}");
                    for rect in rects {
                        assert!(
                            rect.width > 0 && rect.x + rect.width <= WIDTH,
                            "{char} {rect:?}"
                        );
                        assert!(
                            rect.height > 0 && rect.y + rect.height <= HEIGHT,
                            "{char} {rect:?}"
                        );
                    }
                }
                Some(Shape::Shade(quarters)) => assert!((1..=3).contains(&quarters), "{char}"),
                Some(Shape::Line(strokes)) => assert!(!strokes.is_empty(), "{char}"),
                None => panic!("{char} is not drawn"),
            }
        }
        for char in ['a', '·', '…', '→', '\u{24FF}', '\u{25A0}', '\u{2800}'] {
            assert_eq!(shape(char), None, "{char}");
        }
    }

    #[test]
    fn no_two_characters_look_alike() {
        let mut seen: Vec<(Vec<String>, char)> = Vec::new();
        for char in all().filter(|&char| matches!(shape(char), Some(Shape::Fill(_)))) {
            let picture = picture(char);
            let twin = seen.iter().find(|(other, _)| *other == picture);
            assert_eq!(twin.map(|(_, other)| *other), None, "{char}");
            seen.push((picture, char));
        }
    }

    #[test]
    fn arms_meet_those_of_the_next_cell() {
        // Characters with an arm of the same weight on that side have the same edge there.
        for (place, arms) in ARMS.iter().enumerate() {
            for side in 0..4 {
                let straight = match (side % 2, arms[side]) {
                    (_, b'0' | b' ') => continue,
                    (0, b'1') => '│',
                    (0, b'2') => '┃',
                    (0, _) => '║',
                    (_, b'1') => '─',
                    (_, b'2') => '━',
                    (_, _) => '═',
                };
                let char = char::from_u32(0x2500 + place as u32).unwrap_or(' ');
                assert_eq!(edges(char)[side], edges(straight)[side], "{char} {side}");
            }
        }
    }

    #[test]
    fn lines_hang_together() {
        // Walking from any drawn unit one comes to all the others, double lines and dashes apart.
        let single = ARMS
            .iter()
            .zip('\u{2500}'..)
            .filter(|(arms, _)| !arms.contains(&b'3') && !arms.contains(&b' '));
        for (_, char) in single {
            let rows: Vec<Vec<u8>> = picture(char).into_iter().map(String::into_bytes).collect();
            let mut left: Vec<(usize, usize)> = (0..rows.len())
                .flat_map(|y| (0..rows[y].len()).map(move |x| (x, y)))
                .filter(|&(x, y)| rows[y][x] == b'#')
                .collect();
            let mut front = vec![left.pop().expect("something is drawn")];
            while let Some((x, y)) = front.pop() {
                left.retain(|&(a, b)| {
                    let beside = a.abs_diff(x) + b.abs_diff(y) == 1;
                    if beside {
                        front.push((a, b));
                    }
                    !beside
                });
            }
            assert_eq!(left, [], "{char}");
        }
    }

    #[test]
    fn corners_of_double_lines_are_square() {
        let rows = picture('╔');
        // Outer stroke from (4, 12), inner from (10, 18).
        assert!(rows[11].chars().all(|char| char == '.'));
        assert_eq!(rows[12], "....############");
        assert_eq!(rows[14], "....##..........");
        assert_eq!(rows[18], "....##....######");
        assert_eq!(rows[31], "....##....##....");
        let cross = picture('╬');
        assert_eq!(cross[15], "....##....##....".replace('#', "."));
        assert_eq!(cross[12], "######....######");
        let tee = picture('╤');
        assert_eq!(tee[15], ".".repeat(16));
        assert_eq!(tee[20], ".......##.......");
        assert_eq!(picture('╪')[15], ".......##.......");
    }

    #[test]
    fn blocks_cover_what_their_names_say() {
        let covered = |char| {
            let drawn: usize = picture(char)
                .iter()
                .map(|row| row.matches('#').count())
                .sum();
            drawn as u32 * 64 / (WIDTH * HEIGHT)
        };
        for (chars, sixty_fourths) in [
            ("▁▂▃▄▅▆▇█", [8, 16, 24, 32, 40, 48, 56, 64].as_slice()),
            ("▏▎▍▌▋▊▉", &[8, 16, 24, 32, 40, 48, 56]),
            ("▀▐▔▕", &[32, 32, 8, 8]),
            ("▖▗▘▝▚▞▙▛▜▟", &[16, 16, 16, 16, 32, 32, 48, 48, 48, 48]),
        ] {
            let found: Vec<u32> = chars.chars().map(covered).collect();
            assert_eq!(found, sixty_fourths, "{chars}");
        }
        let corner = |char, x: usize, y: usize| &picture(char)[y][x..=x] == "#";
        for (char, corners) in [
            ('▖', "001"),
            ('▘', "100"),
            ('▝', "010"),
            ('▟', "011"),
            ('▐', "010"),
            ('▀', "110"),
            ('▄', "001"),
        ] {
            let found: String = [(0, 0), (15, 0), (0, 31)]
                .map(|(x, y)| if corner(char, x, y) { '1' } else { '0' })
                .iter()
                .collect();
            assert_eq!(found, corners, "{char}");
        }
    }
}
