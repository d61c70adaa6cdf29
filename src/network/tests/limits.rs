//! The limits by themselves, with addresses that no test machine has.

use std::time::Duration;

use super::*;

fn limits() -> Limits {
    Limits::of(Role::Home)
}

fn address(ip: &str) -> Multiaddr {
    format!("/ip{}/{ip}/tcp/4001", if ip.contains(':') { 6 } else { 4 }).parse().unwrap()
}

/// Knocks once; the slot stays taken if it is let in.
fn knock(behaviour: &mut Behaviour, ip: &str) -> Result<ConnectionId, Exceeded> {
    let id = ConnectionId::new_unchecked(behaviour.slots.len() + 1);
    behaviour
        .handle_pending_inbound_connection(id, &address("127.0.0.1"), &address(ip))
        .map(|()| id)
        .map_err(|denied| denied.downcast().unwrap())
}

fn knocks(behaviour: &mut Behaviour, ip: &str, times: usize) -> Vec<Exceeded> {
    (0..times).filter_map(|_| knock(behaviour, ip).err()).collect()
}

#[test]
fn eight_from_one_household() {
    let mut behaviour = Behaviour::new(limits(), Instant::now());
    assert_eq!(knocks(&mut behaviour, "192.0.2.1", 9), [Exceeded::PerAddress]);
    // The same address in IPv6 dress is the same household, the neighbour is not.
    assert_eq!(knocks(&mut behaviour, "::ffff:192.0.2.1", 1), [Exceeded::PerAddress]);
    assert_eq!(knocks(&mut behaviour, "192.0.2.2", 4), []);
}

#[test]
fn an_ipv6_network_is_one_household() {
    let mut behaviour = Behaviour::new(limits(), Instant::now());
    let refused: Vec<_> =
        (1..=10).filter_map(|host| knock(&mut behaviour, &format!("2001:db8:0:1::{host}")).err()).collect();
    assert_eq!(refused, [Exceeded::PerAddress; 2]);
    assert_eq!(knocks(&mut behaviour, "2001:db8:0:2::1", 1), []);
}

#[test]
fn unfinished_handshakes_are_bounded_over_all_addresses() {
    let mut behaviour = Behaviour::new(limits(), Instant::now());
    let refused: Vec<_> =
        (1..=20).filter_map(|host| knock(&mut behaviour, &format!("192.0.2.{host}")).err()).collect();
    assert_eq!(refused, [Exceeded::Pending; 4]);
    assert_eq!(behaviour.pending(), 16);
}

#[test]
fn an_address_that_comes_and_goes_is_slowed() {
    let now = Instant::now();
    let mut behaviour = Behaviour::new(limits(), now);
    let origin = Origin::of(&address("192.0.2.1"));
    let admitted =
        |behaviour: &mut Behaviour, now| (0..100).filter(|_| behaviour.admit(now, origin).is_ok()).count();
    assert_eq!(admitted(&mut behaviour, now), 8);
    assert_eq!(admitted(&mut behaviour, now + Duration::from_secs(10)), 5);
}

#[test]
fn many_addresses_are_slowed_and_forgotten() {
    let mut now = Instant::now();
    let mut behaviour = Behaviour::new(limits(), now);
    let burst = 4 * 32;
    let mut next = 0_u32;
    let mut wave = |behaviour: &mut Behaviour, now, size| {
        (0..size)
            .filter(|_| {
                next += 1;
                behaviour.admit(now, Origin::V4(next.to_be_bytes())).is_ok()
            })
            .count()
    };
    assert_eq!(wave(&mut behaviour, now, 20_000), burst);
    assert_eq!(behaviour.origins.len(), burst, "the refused leave no record");
    let mut most = 0;
    for _ in 0..100 {
        now += Duration::from_secs(60);
        assert_eq!(wave(&mut behaviour, now, burst), burst);
        most = most.max(behaviour.origins.len());
    }
    assert!(most <= MAX_ADDRESSES && behaviour.origins.len() < most, "{most}");
}

#[test]
fn roles_have_the_numbers_of_the_design() {
    let numbers = |role| {
        let limits = Limits::of(role);
        (limits.pending, limits.incoming, limits.outgoing, limits.per_peer, limits.per_address)
    };
    assert_eq!(numbers(Role::Home), (16, 64, 32, 2, 8));
    assert_eq!(numbers(Role::Relay), (64, 512, 64, 2, 32));
}
