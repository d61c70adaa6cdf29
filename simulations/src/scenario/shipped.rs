//! The scenarios that are shipped with the simulator.

/// Names and texts of the shipped scenarios, in the order in which they are listed.
pub fn shipped() -> &'static [(&'static str, &'static str)] {
    macro_rules! shipped {
        ($($name:literal)*) => {
            &[$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),*]
        };
    }
    shipped! {
        "village"
        "cold-start"
        "churn"
        "partition"
        "partition-three"
        "partition-days"
        "flapping"
        "long-sleep"
        "relays-dead"
        "flash-crowd"
        "viral"
        "forked-feed"
        "eclipse"
        "flood"
        "sybil"
        "growth-100"
        "growth-10k"
        "growth-100k"
        "published"
        "bench-model"
        "bench-real"
    }
}
