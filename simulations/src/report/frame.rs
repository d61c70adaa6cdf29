//! What surrounds every plot: title, where it comes from, legend, axes.

use super::scene::{Anchor, Colour, Scene, Shape, Words, width};

/// Width of a plot in pixels; half of that on a page.
pub const WIDTH: u32 = 1600;
/// Height of a plot in pixels.
pub const HEIGHT: u32 = 960;
/// Height of letters: still 12 pixels when two plots stand side by side on a page.
pub const LETTERS: f64 = 32.0;

/// A rectangle in the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// Its left edge.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its right edge.
    pub right: f64,
    /// Its lower edge.
    pub bottom: f64,
}

/// What a plot says around its data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heading {
    /// What it shows.
    pub title: String,
    /// Of which run: scenario, seed, layer, version.
    pub source: String,
    /// What colours mean.
    pub legend: Vec<(String, Colour)>,
}

impl Heading {
    /// Draws the heading; what is below it is for the data and its axes.
    pub fn draw(&self, scene: &mut Scene) -> Field {
        let right = f64::from(scene.width) - 40.0;
        let title = Words::new((40.0, 44.0), 40.0, Anchor::Start, self.title.clone());
        scene.say(Words { bold: true, ..title });
        let source = Words::new((40.0, 98.0), 29.0, Anchor::Start, self.source.clone());
        scene.say(Words { strength: 0.75, ..source });
        let (mut x, mut y) = (40.0, 154.0);
        for (name, colour) in &self.legend {
            let wide = 64.0 + width(name, LETTERS) + 36.0;
            if x + wide > right && x > 40.0 {
                (x, y) = (40.0, y + 46.0);
            }
            scene.shapes.push(Shape::Area(x, y - 8.0, x + 48.0, y + 8.0, *colour, 1.0));
            scene.text((x + 60.0, y), LETTERS, Anchor::Start, name.clone());
            x += wide;
        }
        let top = if self.legend.is_empty() { 136.0 } else { y + 46.0 };
        Field { left: 40.0, top, right, bottom: f64::from(scene.height) - 30.0 }
    }
}

/// How values lie along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their size.
    Log,
}

/// An axis.
#[derive(Debug, Clone)]
pub struct Axis {
    /// What it shows, with its unit.
    pub name: String,
    /// How values lie.
    pub scale: Scale,
    /// From this value.
    pub from: f64,
    /// To this one.
    pub to: f64,
    /// How its values are written.
    pub form: fn(f64) -> String,
}

impl Axis {
    /// Where a value lies, 0 to 1.
    pub fn place(&self, value: f64) -> f64 {
        let place = match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Log => {
                let least = f64::MIN_POSITIVE;
                (value.max(least).ln() - self.from.max(least).ln())
                    / (self.to.ln() - self.from.max(least).ln())
            }
        };
        if place.is_finite() { place.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The values that are written beside it: at most about `most`.
    pub fn marks(&self, most: usize) -> Vec<f64> {
        match self.scale {
            Scale::Linear => linear(self.from, self.to, most),
            Scale::Log => decades(self.from, self.to, most),
        }
    }
}

/// Multiples of 1, 2, 2.5 or 5 of a power of ten.
fn linear(from: f64, to: f64, most: usize) -> Vec<f64> {
    let rough = (to - from) / most.max(1) as f64;
    if !(rough > 0.0 && rough.is_finite()) {
        return vec![from];
    }
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|step| step * power).find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(rough);
    let first = (from / step - 1e-9).ceil() as i64;
    let last = (to / step + 1e-9).floor() as i64;
    (first..=last.min(first + 100)).map(|place| place as f64 * step).collect()
}

/// Powers of ten, with steps between where there are few.
fn decades(from: f64, to: f64, most: usize) -> Vec<f64> {
    let (first, last) = (from.max(f64::MIN_POSITIVE).log10().floor() as i32, to.log10().ceil() as i32);
    let steps: &[f64] = match (last - first).max(1) {
        count if count * 3 <= most as i32 => &[1.0, 2.0, 5.0],
        count if count * 2 <= most as i32 => &[1.0, 3.0],
        _ => &[1.0],
    };
    let every = ((last - first) as usize / most.max(1) + 1).max(1);
    let powers = (first..=last)
        .step_by(every)
        .flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)));
    powers.filter(|mark| *mark >= from * 0.999 && *mark <= to * 1.001).collect()
}

/// Draws the axes of a plot; the field that is left is where the data goes.
pub fn axes(scene: &mut Scene, field: Field, x: &Axis, y: &Axis) -> Field {
    let across = y.marks(6);
    let widest = across.iter().map(|mark| width(&(y.form)(*mark), LETTERS)).fold(0.0, f64::max);
    let inner = Field {
        left: field.left + 50.0 + widest + 14.0,
        top: field.top + 14.0,
        right: field.right - 20.0,
        bottom: field.bottom - 104.0,
    };
    for mark in across {
        let height = inner.bottom - y.place(mark) * (inner.bottom - inner.top);
        scene.rule((inner.left, height), (inner.right, height), 0.18);
        scene.text((inner.left - 14.0, height), LETTERS, Anchor::End, (y.form)(mark));
    }
    for mark in x.marks(8) {
        let at = inner.left + x.place(mark) * (inner.right - inner.left);
        scene.rule((at, inner.top), (at, inner.bottom), 0.1);
        scene.rule((at, inner.bottom), (at, inner.bottom + 8.0), 0.8);
        scene.text((at, inner.bottom + 34.0), LETTERS, Anchor::Middle, (x.form)(mark));
    }
    scene.rule((inner.left, inner.bottom), (inner.right, inner.bottom), 0.8);
    let middle = ((inner.left + inner.right) / 2.0, inner.bottom + 84.0);
    scene.text(middle, LETTERS, Anchor::Middle, x.name.clone());
    let beside = (field.left + 12.0, (inner.top + inner.bottom) / 2.0);
    scene.say(Words { upright: true, ..Words::new(beside, LETTERS, Anchor::Middle, y.name.clone()) });
    inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_numbers() {
        assert_eq!(linear(0.0, 1.0, 5), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(linear(0.0, 97.0, 6), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(linear(3.0, 3.0, 6), [3.0]);
        assert_eq!(decades(1.0, 1000.0, 8), [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0]);
        assert_eq!(decades(10.0, 100.0, 8), [10.0, 20.0, 50.0, 100.0]);
        assert!(decades(1e-3, 1e9, 6).len() <= 7);
    }

    #[test]
    fn places_lie_between_the_ends() {
        let axis = |scale, from, to| Axis { name: String::new(), scale, from, to, form: |_| String::new() };
        assert_eq!(axis(Scale::Linear, 0.0, 10.0).place(2.5), 0.25);
        assert_eq!(axis(Scale::Linear, 0.0, 10.0).place(25.0), 1.0);
        assert!((axis(Scale::Log, 1.0, 100.0).place(10.0) - 0.5).abs() < 1e-12);
        assert_eq!(axis(Scale::Log, 1.0, 100.0).place(0.0), 0.0);
        assert_eq!(axis(Scale::Linear, 1.0, 1.0).place(1.0), 0.0);
    }
}
