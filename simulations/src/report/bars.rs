//! Nodes side by side, each group of them a bar of stacked parts.

use super::{
    format,
    frame::{Axis, HEIGHT, Heading, Scale, WIDTH, axes},
    scene::{Colour, Scene, Shape},
};

/// Bars at most: more cannot be told apart.
const BARS: usize = 60;

/// A plot of stacked bars over nodes in the order of their sums.
#[derive(Debug, Clone)]
pub struct Bars {
    /// Title and source; the legend is made of the parts.
    pub heading: Heading,
    /// Names and colours of the parts, from below.
    pub parts: Vec<(String, Colour)>,
    /// What is shown, with its unit.
    pub name: String,
    /// For each node, its parts.
    pub values: Vec<Vec<f64>>,
}

impl Bars {
    /// The picture.
    pub fn scene(&self) -> Scene {
        let mut scene = Scene::new(WIDTH, HEIGHT);
        let mut heading = self.heading.clone();
        heading.legend = self.parts.clone();
        let field = heading.draw(&mut scene);
        let mut values = self.values.clone();
        values.sort_by(|a, b| a.iter().sum::<f64>().total_cmp(&b.iter().sum()));
        let bars = bars(&values);
        let highest = bars.iter().map(|bar| bar.iter().sum::<f64>()).fold(0.0, f64::max);
        let x = Axis {
            name: "nodes, from the least to the most".to_owned(),
            scale: Scale::Linear,
            from: 0.0,
            to: values.len().max(1) as f64,
            form: |value| format::count(value as u64),
        };
        let top = if highest > 0.0 { highest * 1.05 } else { 1.0 };
        let y =
            Axis { name: self.name.clone(), scale: Scale::Linear, from: 0.0, to: top, form: format::bytes };
        let field = axes(&mut scene, field, &x, &y);
        let wide = (field.right - field.left) / bars.len().max(1) as f64;
        let gap = if wide > 6.0 { 2.0 } else { 0.0 };
        for (place, bar) in bars.iter().enumerate() {
            let left = field.left + place as f64 * wide;
            let mut below = 0.0;
            for (value, (_, colour)) in bar.iter().zip(&self.parts) {
                let height = |value: f64| field.bottom - y.place(value) * (field.bottom - field.top);
                let (top, bottom) = (height(below + value), height(below));
                if bottom - top >= 0.5 {
                    scene.shapes.push(Shape::Area(left, top, left + wide - gap, bottom, *colour, 1.0));
                }
                below += value;
            }
        }
        scene
    }
}

/// Means of neighbours, so that not more than [`BARS`] are left.
fn bars(values: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let count = values.len().min(BARS);
    let group = |bar: usize| &values[bar * values.len() / count..(bar + 1) * values.len() / count];
    let mean = |group: &[Vec<f64>]| {
        let parts = group.first().map_or(0, Vec::len);
        let part =
            |part: usize| group.iter().filter_map(|node| node.get(part)).sum::<f64>() / group.len() as f64;
        (0..parts).map(part).collect()
    };
    (0..count).map(|bar| mean(group(bar))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_nodes_become_few_bars_of_the_same_mean() {
        let values: Vec<_> = (0..1_001).map(|node| vec![f64::from(node), 1.0]).collect();
        let bars = bars(&values);
        assert_eq!(bars.len(), BARS);
        assert!(bars.iter().all(|bar| bar[1] == 1.0));
        assert_eq!(super::bars(&values[..3]), values[..3]);
        assert!(super::bars(&[]).is_empty());
    }
}
