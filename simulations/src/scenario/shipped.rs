//! The scenarios that are shipped with the simulator.

/// Names and texts of the shipped scenarios, in the order in which they are listed.
pub fn shipped() -> &'static [(&'static str, &'static str)] {
    macro_rules! shipped {
        ($($name:literal)*) => {
            &[$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),*]
        };
    }
    shipped! {
        "cold-start"
        "partition"
        "churn"
        "village"
    }
}
