//! A table in colours: from each region to each.

use super::{
    frame::{HEIGHT, Heading, LETTERS, WIDTH},
    map::shade,
    scene::{Anchor, Scene, Shape, Words, width},
};

/// A value for each pair.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// Title and source.
    pub heading: Heading,
    /// What rows and columns are.
    pub names: Vec<String>,
    /// What rows say, and what columns say.
    pub sides: (String, String),
    /// `[row][column]`, if there is such a value.
    pub values: Vec<Vec<Option<f64>>>,
    /// How values are written.
    pub form: fn(f64) -> String,
}

impl Matrix {
    /// The picture. Colours go by the size of values, from the least to the largest.
    pub fn scene(&self) -> Scene {
        let mut scene = Scene::new(WIDTH, HEIGHT);
        let field = self.heading.draw(&mut scene);
        let count = self.names.len().max(1) as f64;
        let label = self.names.iter().map(|name| width(name, LETTERS)).fold(0.0, f64::max).min(420.0);
        let (left, top) = (field.left + 50.0 + label + 20.0, field.top + 50.0);
        let (wide, high) = ((field.right - left) / count, (field.bottom - 60.0 - top) / count);
        let letters = (high * 0.42).min(wide * 0.17).min(LETTERS);
        let known = || self.values.iter().flatten().flatten().copied().filter(|value| *value > 0.0);
        let least = known().min_by(f64::total_cmp).unwrap_or(1.0).ln();
        let most = known().max_by(f64::total_cmp).unwrap_or(1.0).ln();
        for (row, (name, values)) in self.names.iter().zip(&self.values).enumerate() {
            let y = top + (row as f64 + 0.5) * high;
            let size = LETTERS.min(high * 0.8);
            scene.text((left - 20.0, y), size, Anchor::End, name.clone());
            // Names across stand in two lines by turns, so that neighbours do not touch.
            let x = left + (row as f64 + 0.5) * wide;
            let lower = if width(name, size) > wide * 0.95 && row % 2 == 1 { 30.0 } else { 0.0 };
            scene.text(
                (x, field.bottom - 46.0 + lower),
                size.min(LETTERS * 0.9),
                Anchor::Middle,
                name.clone(),
            );
            for (column, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                let place = if most > least {
                    (value.max(f64::MIN_POSITIVE).ln() - least) / (most - least)
                } else {
                    0.0
                };
                let x = left + column as f64 * wide;
                let (fill, dark) = (shade(place * 0.999), place > 0.55);
                scene.shapes.push(Shape::Area(
                    x + 2.0,
                    y - high / 2.0 + 2.0,
                    x + wide - 2.0,
                    y + high / 2.0 - 2.0,
                    fill,
                    1.0,
                ));
                // Too small to read is left out; the page has a table.
                if letters >= 15.0 {
                    let words = Words::new((x + wide / 2.0, y), letters, Anchor::Middle, (self.form)(*value));
                    scene.say(Words { paint: if dark { (255, 255, 255) } else { (20, 20, 20) }, ..words });
                }
            }
        }
        let middle = (top + field.bottom - 60.0) / 2.0;
        let rows = Words::new((field.left + 12.0, middle), LETTERS, Anchor::Middle, self.sides.0.clone());
        scene.say(Words { upright: true, ..rows });
        scene.text(
            ((left + field.right) / 2.0, field.top + 18.0),
            LETTERS,
            Anchor::Middle,
            self.sides.1.clone(),
        );
        scene
    }
}
