//! Curves over two axes, with stretches of time shaded.

use super::{
    frame::{Axis, HEIGHT, Heading, LETTERS, Scale, WIDTH, axes},
    scene::{Anchor, Colour, GREY, Scene, Shape, Words},
};

/// A curve.
#[derive(Debug, Clone)]
pub struct Curve {
    /// Its name in the legend; if empty, it has no place there.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// Its points; a break where there is none.
    pub points: Vec<Option<(f64, f64)>>,
    /// How wide its line is. What other curves may hide is wider, so that its rims are seen.
    pub wide: f64,
    /// Whether it stays where it is until the next point.
    pub steps: bool,
}

impl Curve {
    /// A curve without a break.
    pub fn new(
        name: impl Into<String>,
        colour: Colour,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        Self {
            name: name.into(),
            colour,
            points: points.into_iter().map(Some).collect(),
            wide: 4.0,
            steps: false,
        }
    }
}

/// A stretch of the horizontal axis.
#[derive(Debug, Clone)]
pub struct Shade {
    /// Its name.
    pub name: String,
    /// From.
    pub from: f64,
    /// To.
    pub to: f64,
}

/// A plot of curves.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Title and source; the legend is made of the curves.
    pub heading: Heading,
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// The curves, from back to front.
    pub curves: Vec<Curve>,
    /// What is shaded.
    pub shades: Vec<Shade>,
}

impl Chart {
    /// The picture.
    pub fn scene(&self) -> Scene {
        let mut scene = Scene::new(WIDTH, HEIGHT);
        let mut heading = self.heading.clone();
        let named = self.curves.iter().filter(|curve| !curve.name.is_empty());
        heading.legend = named.map(|curve| (curve.name.clone(), curve.colour)).collect();
        let field = heading.draw(&mut scene);
        let field = axes(&mut scene, field, &self.x, &self.y);
        let across = |x: f64| field.left + self.x.place(x) * (field.right - field.left);
        let up = |y: f64| field.bottom - self.y.place(y) * (field.bottom - field.top);
        let mut said = f64::MIN;
        for shade in &self.shades {
            let (left, right) = (across(shade.from), across(shade.to));
            if right - left < 1.0 {
                continue;
            }
            scene.shapes.push(Shape::Area(left, field.top, right, field.bottom, GREY, 0.22));
            // A flapping network has hundreds: only those names are written that do not run into the last one.
            if left >= said {
                let at = (left + 8.0, field.top + 20.0);
                let name = Words::new(at, LETTERS - 4.0, Anchor::Start, shade.name.clone());
                said = left + super::scene::width(&shade.name, LETTERS) + 16.0;
                scene.say(Words { strength: 0.8, ..name });
            }
        }
        for curve in &self.curves {
            for run in curve.points.split(Option::is_none) {
                let mut line: Vec<(f64, f64)> = Vec::with_capacity(run.len());
                for (x, y) in run.iter().flatten().copied() {
                    if let Some((_, before)) = line.last().copied().filter(|_| curve.steps) {
                        line.push((across(x), before));
                    }
                    line.push((across(x), up(y)));
                }
                match line.as_slice() {
                    [] => {}
                    [(x, y)] => scene.shapes.push(Shape::Dot(*x, *y, 5.0, curve.colour, 1.0)),
                    _ => scene.shapes.push(Shape::Line(thin(line), curve.colour, curve.wide, 1.0)),
                }
            }
        }
        scene
    }
}

/// Of the points that share a pixel column the first, the extremes and the last: a line looks the same without the
/// others, and a file with a month of samples stays small.
fn thin(line: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mut thinned: Vec<(f64, f64)> = Vec::new();
    let mut rest = line.as_slice();
    while let Some((x, _)) = rest.first() {
        let column = x.round();
        let length = rest.iter().take_while(|(x, _)| x.round() == column).count();
        let (same, after) = rest.split_at(length);
        rest = after;
        if same.len() <= 4 {
            thinned.extend_from_slice(same);
            continue;
        }
        let by = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (low, high) = (same.iter().min_by(by), same.iter().max_by(by));
        thinned.extend(same.first().into_iter().chain(low).chain(high).chain(same.last()));
    }
    thinned
}

/// An axis of time over a run: the unit that suits its length.
pub fn time_axis(name: &str, from_s: f64, to_s: f64) -> Axis {
    let (unit, form): (&str, fn(f64) -> String) = match to_s - from_s {
        span if span <= 300.0 => ("s", |value| plain(value)),
        span if span <= 3.0 * 3600.0 => ("min", |value| plain(value)),
        span if span <= 5.0 * 86_400.0 => ("h", |value| plain(value)),
        _ => ("days", |value| plain(value)),
    };
    let per = unit_seconds(unit);
    Axis { name: format!("{name} ({unit})"), scale: Scale::Linear, from: from_s / per, to: to_s / per, form }
}

/// Seconds of a unit of [`time_axis`], by the length of the axis.
pub fn unit_of(from_s: f64, to_s: f64) -> f64 {
    let axis = time_axis("", from_s, to_s);
    if to_s > 0.0 && axis.to > 0.0 { to_s / axis.to } else { 1.0 }
}

fn unit_seconds(unit: &str) -> f64 {
    match unit {
        "min" => 60.0,
        "h" => 3600.0,
        "days" => 86_400.0,
        _ => 1.0,
    }
}

fn plain(value: f64) -> String {
    super::format::number(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_ends_and_extremes() {
        let line: Vec<_> = (0..1000).map(|step| (f64::from(step) / 500.0, f64::from(step % 7))).collect();
        let thinned = thin(line.clone());
        assert!(thinned.len() <= 12, "{}", thinned.len());
        assert_eq!((thinned.first(), thinned.last()), (line.first(), line.last()));
        assert!(thinned.iter().any(|(_, y)| *y == 6.0));
    }

    #[test]
    fn an_axis_of_time_has_a_unit_that_suits_it() {
        let axis = time_axis("time", 0.0, 7200.0);
        assert_eq!((axis.name.as_str(), axis.to), ("time (min)", 120.0));
        assert_eq!(unit_of(0.0, 7200.0), 60.0);
        assert_eq!(time_axis("time", 0.0, 60.0).name, "time (s)");
        assert_eq!(unit_of(0.0, 0.0), 1.0);
    }
}
