//! The earth as a preset: seven regions, and how far apart they are.

use super::{Region, quantity::Share};

/// A region's name, its part of the people on the network, and hours ahead of UTC.
const REGIONS: [(&str, f64, f64); 7] = [
    ("europe", 0.20, 1.0),
    ("north-america", 0.15, -6.0),
    ("south-america", 0.10, -3.0),
    ("africa", 0.10, 2.0),
    ("south-asia", 0.20, 5.5),
    ("east-asia", 0.22, 8.0),
    ("oceania", 0.03, 10.0),
];

/// One-way latency in milliseconds, in the order of the regions: half of the round trips that are usual between data
/// centres of Frankfurt, Virginia, São Paulo, Johannesburg, Mumbai, Tokyo and Sydney, rounded; within a region, what
/// is usual between cities of it.
const MS: [[f64; 7]; 7] = [
    [12.0, 45.0, 101.0, 77.0, 61.0, 113.0, 126.0],
    [45.0, 20.0, 58.0, 113.0, 94.0, 79.0, 99.0],
    [101.0, 58.0, 18.0, 169.0, 150.0, 128.0, 156.0],
    [77.0, 113.0, 169.0, 22.0, 107.0, 171.0, 140.0],
    [61.0, 94.0, 150.0, 107.0, 16.0, 62.0, 76.0],
    [113.0, 79.0, 128.0, 171.0, 62.0, 18.0, 52.0],
    [126.0, 99.0, 156.0, 140.0, 76.0, 52.0, 13.0],
];

/// The regions of the earth.
pub fn regions() -> Vec<Region> {
    let region = |(name, share, utc_hours): (&str, f64, f64)| Region {
        name: name.into(),
        share: Share(share),
        utc_hours,
    };
    REGIONS.map(region).into()
}

/// Milliseconds one way between two regions; none if one of them is not on this earth.
pub fn latency(from: &str, to: &str) -> Option<f64> {
    let place = |name| REGIONS.iter().position(|(region, ..)| *region == name);
    Some(MS[place(from)?][place(to)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earth_is_whole_and_as_far_there_as_back() {
        assert!((regions().iter().map(|region| region.share.0).sum::<f64>() - 1.0).abs() < 1e-9);
        for from in regions() {
            for to in regions() {
                assert_eq!(latency(&from.name, &to.name), latency(&to.name, &from.name));
            }
        }
        assert_eq!(latency("europe", "atlantis"), None);
    }
}
