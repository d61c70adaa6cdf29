//! A picture as a list of shapes, painted as SVG or PNG. What draws a picture knows nothing of either.
//!
//! Coordinates are pixels of the PNG from the upper left; the SVG scales. Ink is whatever colour text has where the
//! SVG stands, so that it can be read on a light and on a dark page.

use std::{path::Path, sync::OnceLock};

use plotters::{
    backend::{BitMapBackend, DrawingBackend, SVGBackend},
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::{Circle, PathElement, Rectangle, Text},
    style::{
        Color as _, FontFamily, FontStyle, FontTransform, IntoTextStyle, RGBAColor, RGBColor, ShapeStyle,
        register_font,
        text_anchor::{HPos, Pos, VPos},
    },
};

/// A colour: red, green, blue.
pub type Colour = (u8, u8, u8);

/// Text and axes. Near enough to black for a PNG; in an SVG it becomes the colour of the text around it.
pub const INK: Colour = (1, 2, 3);
/// Colours that people who see fewer colours tell apart too (after Okabe and Ito), the clearest first.
pub const COLOURS: [Colour; 6] =
    [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233)];
/// What says nothing.
pub const GREY: Colour = (128, 128, 128);

/// Where text stands beside its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Begins there.
    Start,
    /// Around it.
    Middle,
    /// Ends there.
    End,
}

/// Something to see.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A filled rectangle: left, top, right, bottom.
    Area(f64, f64, f64, f64, Colour, f64),
    /// A line through points, so wide.
    Line(Vec<(f64, f64)>, Colour, f64, f64),
    /// A dot: centre and radius.
    Dot(f64, f64, f64, Colour, f64),
    /// Text, vertically around its point.
    Text(Words),
}

/// Text in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// Where.
    pub at: (f64, f64),
    /// What.
    pub text: String,
    /// Height of the letters.
    pub size: f64,
    /// Which way from the point.
    pub anchor: Anchor,
    /// In bold.
    pub bold: bool,
    /// From bottom to top.
    pub upright: bool,
    /// Its colour.
    pub paint: Colour,
    /// 1 is all of that colour, less is fainter.
    pub strength: f64,
}

impl Words {
    /// Plain text.
    pub fn new(at: (f64, f64), size: f64, anchor: Anchor, text: impl Into<String>) -> Self {
        Self { at, text: text.into(), size, anchor, bold: false, upright: false, paint: INK, strength: 1.0 }
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// What is in it, from back to front.
    pub shapes: Vec<Shape>,
}

/// Why a picture cannot be painted.
#[derive(Debug, thiserror::Error)]
#[error("a plot cannot be drawn: {0}")]
pub struct Error(String);

impl Scene {
    /// An empty picture.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, shapes: Vec::new() }
    }

    /// Adds text.
    pub fn text(&mut self, at: (f64, f64), size: f64, anchor: Anchor, text: impl Into<String>) {
        self.say(Words::new(at, size, anchor, text));
    }

    /// Adds text that is set up already.
    pub fn say(&mut self, words: Words) {
        self.shapes.push(Shape::Text(words));
    }

    /// Adds a line of ink.
    pub fn rule(&mut self, from: (f64, f64), to: (f64, f64), strength: f64) {
        self.shapes.push(Shape::Line(vec![from, to], INK, 2.0, strength));
    }

    /// The picture as SVG that stands alone or in a page: `id` tells its parts apart there, `title` and `alt` say
    /// what it shows to those who do not see it.
    ///
    /// # Errors
    /// If the fonts do not load.
    pub fn svg(&self, id: &str, title: &str, alt: &str) -> Result<String, Error> {
        let mut text = String::new();
        paint(self, &SVGBackend::with_string(&mut text, (self.width, self.height)).into_drawing_area())?;
        let start = text.find("<svg").unwrap_or(0);
        let body = text[start..].find('>').map_or("", |end| &text[start + end + 1..]);
        let ink = format!("#{:02X}{:02X}{:02X}", INK.0, INK.1, INK.2);
        let body = body.replace(&ink, "currentColor");
        let (title, alt) = (escape(title), escape(alt));
        let (width, height) = (self.width, self.height);
        Ok(format!(
            "<svg viewBox=\"0 0 {width} {height}\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-alt\">\n<title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-alt\">{alt}</desc>\n{}",
            body.trim_start()
        ))
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// If the file cannot be written, or the fonts do not load.
    pub fn png(&self, path: &Path) -> Result<(), Error> {
        let area = BitMapBackend::new(path, (self.width, self.height)).into_drawing_area();
        area.fill(&RGBColor(255, 255, 255)).map_err(|error| Error(error.to_string()))?;
        paint(self, &area)
    }
}

/// An SVG of [`Scene::svg`] as a file of its own: on white, whatever shows it.
pub fn alone(svg: &str) -> String {
    svg.replacen("<svg ", "<svg style=\"background:#fff;color:#010203\" ", 1)
}

/// Text for XML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Width of a text, as nearly as a layout needs it.
pub fn width(text: &str, size: f64) -> f64 {
    // DejaVu Sans is 0.58 of its height wide on average.
    text.chars().count() as f64 * size * 0.58
}

fn fonts() -> Result<(), Error> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular()).is_ok()
            && register_font("sans-serif", FontStyle::Bold, dejavu::sans::bold()).is_ok()
    });
    if *loaded { Ok(()) } else { Err(Error("the built-in font does not load".to_owned())) }
}

fn colour((red, green, blue): Colour, strength: f64) -> RGBAColor {
    RGBColor(red, green, blue).mix(strength)
}

fn pixel((x, y): (f64, f64)) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

fn paint<B: DrawingBackend>(scene: &Scene, area: &DrawingArea<B, Shift>) -> Result<(), Error> {
    fonts()?;
    for shape in &scene.shapes {
        put(shape, area).map_err(|error| Error(error.to_string()))?;
    }
    area.present().map_err(|error| Error(error.to_string()))
}

fn put<B: DrawingBackend>(
    shape: &Shape,
    area: &DrawingArea<B, Shift>,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    match shape {
        Shape::Area(left, top, right, bottom, paint, strength) => {
            let corners = [pixel((*left, *top)), pixel((*right, *bottom))];
            area.draw(&Rectangle::new(corners, colour(*paint, *strength).filled()))
        }
        Shape::Line(points, paint, wide, strength) => {
            let mut points: Vec<_> = points.iter().copied().map(pixel).collect();
            points.dedup();
            let style =
                ShapeStyle::from(colour(*paint, *strength)).stroke_width(wide.round().max(1.0) as u32);
            area.draw(&PathElement::new(points, style))
        }
        Shape::Dot(x, y, radius, paint, strength) => {
            let style = colour(*paint, *strength).filled();
            area.draw(&Circle::new(pixel((*x, *y)), radius.round().max(1.0) as i32, style))
        }
        Shape::Text(words) => {
            let along = match words.anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            };
            let style = if words.bold { FontStyle::Bold } else { FontStyle::Normal };
            let ink = colour(words.paint, words.strength);
            let mut font = (FontFamily::SansSerif, words.size, style, &ink).into_text_style(area);
            if words.upright {
                font = font.transform(FontTransform::Rotate270);
            }
            let font = font.pos(Pos::new(along, VPos::Center));
            area.draw(&Text::new(words.text.clone(), pixel(words.at), font))
        }
    }
}
