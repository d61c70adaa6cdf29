//! Every node as a dot, together with those of its region, in the colour of what it got.

use std::f64::consts::TAU;

use super::{
    format,
    frame::{HEIGHT, Heading, LETTERS, WIDTH},
    scene::{Anchor, Colour, GREY, INK, Scene, Shape, width},
};

/// Dots at most: more make a file of megabytes and are smaller than a pixel.
pub const DOTS: usize = 5_000;

/// A node on the map.
#[derive(Debug, Clone, Copy)]
pub struct Dot {
    /// Number of its region.
    pub region: usize,
    /// What it is coloured by, 0 to 1; grey if there is no such thing.
    pub value: Option<f64>,
    /// Whether it is marked, as an adversary.
    pub marked: bool,
}

/// A map of nodes.
#[derive(Debug, Clone)]
pub struct Map {
    /// Title and source.
    pub heading: Heading,
    /// Names of the regions.
    pub regions: Vec<String>,
    /// The nodes.
    pub dots: Vec<Dot>,
    /// What the colours say: at 0, at 1.
    pub ends: (String, String),
    /// What a mark says.
    pub mark: String,
}

impl Map {
    /// The picture.
    pub fn scene(&self) -> Scene {
        let mut scene = Scene::new(WIDTH, HEIGHT + 200);
        let field = self.heading.draw(&mut scene);
        let bottom = field.bottom - 70.0;
        let (middle_x, middle_y) = ((field.left + field.right) / 2.0, (field.top + bottom) / 2.0);
        let regions = self.regions.len().max(1);
        let (wide, high) = ((field.right - field.left) / 2.0, (bottom - field.top) / 2.0);
        // Regions lie on an ellipse, each in a disc that does not touch its neighbours'.
        let chord = 2.0 * (TAU / 2.0 / regions as f64).sin();
        let disc = match regions {
            1 => high * 0.86,
            2 => high * 0.8,
            _ => (high * chord / (2.0 + chord) * 0.98).min(high * 0.5),
        };
        let centre = |region: usize| {
            if regions == 1 {
                return (middle_x, middle_y);
            }
            let turn =
                TAU * region as f64 / regions as f64 - if regions == 2 { TAU / 2.0 } else { TAU / 4.0 };
            (
                middle_x + (wide - disc * 1.2).min(high * 1.45) * turn.cos(),
                middle_y + (high - disc - 20.0) * turn.sin(),
            )
        };
        let every = self.dots.len().div_ceil(DOTS).max(1);
        for region in 0..regions {
            let here: Vec<&Dot> =
                self.dots.iter().step_by(every).filter(|dot| dot.region == region).collect();
            let (x, y) = centre(region);
            let radius = (disc * 0.8 / (here.len().max(1) as f64).sqrt()).clamp(2.0, 26.0);
            for (place, dot) in here.iter().enumerate() {
                // Sunflower seeds: evenly over a disc, in any number.
                let far = ((place as f64 + 0.5) / here.len() as f64).sqrt() * (disc - radius - 26.0);
                let turn = place as f64 * TAU * 0.381_966;
                let at = (x + far * turn.cos(), y + far * turn.sin());
                let colour = dot.value.map_or(GREY, shade);
                scene.shapes.push(Shape::Dot(at.0, at.1, radius, colour, 1.0));
                if dot.marked {
                    cross(&mut scene, at, radius.max(5.0));
                }
            }
            if let Some(name) = self.regions.get(region) {
                let count = self.dots.iter().filter(|dot| dot.region == region).count();
                let text = format!("{name}: {}", format::count(count as u64));
                scene.text((x, y - disc + 4.0), LETTERS, Anchor::Middle, text);
            }
        }
        self.key(&mut scene, field.left, field.bottom - 18.0);
        scene
    }

    fn key(&self, scene: &mut Scene, left: f64, y: f64) {
        let mut x = left;
        scene.text((x, y), LETTERS, Anchor::Start, self.ends.0.clone());
        x += width(&self.ends.0, LETTERS) + 16.0;
        for step in 0..50 {
            let at = x + f64::from(step) * 6.0;
            scene.shapes.push(Shape::Area(
                at,
                y - 14.0,
                at + 6.0,
                y + 14.0,
                shade(f64::from(step) / 49.0),
                1.0,
            ));
        }
        x += 316.0;
        scene.text((x, y), LETTERS, Anchor::Start, self.ends.1.clone());
        x += width(&self.ends.1, LETTERS) + 50.0;
        scene.shapes.push(Shape::Dot(x, y, 13.0, GREY, 1.0));
        scene.text((x + 26.0, y), LETTERS, Anchor::Start, "nothing to say");
        if self.dots.iter().any(|dot| dot.marked) {
            x += 26.0 + width("nothing to say", LETTERS) + 40.0;
            cross(scene, (x, y), 13.0);
            scene.text((x + 26.0, y), LETTERS, Anchor::Start, self.mark.clone());
        }
    }
}

fn cross(scene: &mut Scene, (x, y): (f64, f64), size: f64) {
    scene.shapes.push(Shape::Line(vec![(x - size, y - size), (x + size, y + size)], INK, 4.0, 1.0));
    scene.shapes.push(Shape::Line(vec![(x - size, y + size), (x + size, y - size)], INK, 4.0, 1.0));
}

/// A colour for a value from 0 to 1: from yellow over green to deep blue, even for eyes that see fewer colours, as
/// its lightness falls all the way.
pub fn shade(value: f64) -> Colour {
    const STOPS: [Colour; 5] =
        [(240, 190, 40), (150, 190, 70), (40, 165, 120), (30, 110, 150), (45, 45, 120)];
    let place = value.clamp(0.0, 1.0) * 4.0;
    let low = (place.floor() as usize).min(3);
    let part = place - low as f64;
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
    let (a, b) = (STOPS[low], STOPS[low + 1]);
    (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_reach_both_ends_and_darken_all_the_way() {
        assert_eq!((shade(0.0), shade(1.0)), ((240, 190, 40), (45, 45, 120)));
        let light = |(r, g, b): Colour| 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
        let steps: Vec<_> = (0..=20).map(|step| light(shade(f64::from(step) / 20.0))).collect();
        assert!(steps.windows(2).all(|pair| pair[1] <= pair[0] + 2.0), "{steps:?}");
    }

    #[test]
    fn a_large_world_is_thinned_out_and_stays_in_the_picture() {
        let dots =
            (0..20_000).map(|node| Dot { region: node % 5, value: Some(1.0), marked: false }).collect();
        let regions = (0..5).map(|region| format!("region {region}")).collect();
        let map = Map {
            heading: Heading::default(),
            regions,
            dots,
            ends: ("0".to_owned(), "1".to_owned()),
            mark: String::new(),
        };
        let scene = map.scene();
        let dots: Vec<_> = scene
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Dot(x, y, ..) => Some((*x, *y)),
                _ => None,
            })
            .collect();
        assert!(dots.len() > 1_000 && dots.len() <= DOTS + 1, "{}", dots.len());
        let inside = |(x, y): &(f64, f64)| {
            (0.0..f64::from(scene.width)).contains(x) && (0.0..f64::from(scene.height)).contains(y)
        };
        assert!(dots.iter().all(inside));
    }
}
