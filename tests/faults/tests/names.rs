//! The host's name: no answer, no address, another address.

use std::time::Duration;

use heyan::ChannelFault;
use heyan_faults::{Cell, Expect, HOLDER, Lane, Lookup, Plan, RecordFault, STRANGER, Transport, free, play};

#[test]
fn a_name_that_cannot_be_resolved_is_free_and_one_that_changes_is_followed() {
    let all = [Transport::PLAIN.as_slice(), Transport::SECURE.as_slice()].concat();
    play(&all, |lane| {
        let here = lane.proxy.address();
        // Nobody listens there.
        let mut nobody = here;
        nobody.set_ip([127, 0, 0, 2].into());
        let (here, nobody) = (Lookup::Found(vec![here]), Lookup::Found(vec![nobody]));
        let dns = free(ChannelFault::Dns);
        looked_up(lane, "fails", vec![Lookup::Failed], vec![dns.clone()]);
        looked_up(lane, "is empty", vec![Lookup::Found(Vec::new())], vec![dns.clone()]);
        looked_up(lane, "has no answer", vec![Lookup::Silent], vec![free(ChannelFault::TimedOut)]);
        // Each call that fails asks again.
        let moves = vec![nobody.clone(), Lookup::Failed, here.clone()];
        let refused = free(ChannelFault::Connect);
        looked_up(lane, "moves", moves, vec![refused.clone(), dns, Expect::Whole]);
        looked_up(
            lane,
            "comes back",
            vec![Lookup::Found(Vec::new()), here],
            vec![free(ChannelFault::Dns), Expect::Whole],
        );
        // A server tries the next address; a device was given one.
        let (Lookup::Found(first), Lookup::Found(second)) = (nobody, Lookup::Found(vec![lane.proxy.address()])) else {
            return;
        };
        let both = vec![Lookup::Found([first, second].concat())];
        let expect = if lane.transport.is_std() { Expect::Whole } else { refused };
        looked_up(lane, "has one dead address and one that lives", both, vec![expect]);
    });
}

fn looked_up(lane: &mut Lane, name: &str, lookups: Vec<Lookup>, expect: Vec<Expect>) {
    let names = [HOLDER, STRANGER, HOLDER];
    let mut talk = lane.talk(&names[..expect.len()]);
    talk.lookups = lookups;
    if expect == [free(ChannelFault::TimedOut)] {
        talk.patience = Duration::from_millis(150);
        talk.hours_pass.raise();
    }
    let plan =
        if lane.transport.is_secure() { Plan::record(usize::MAX, RecordFault::None) } else { Plan::faultless(1) };
    lane.cell("lookup", Cell { name: name.into(), plans: vec![plan], talk, expect, connections: None });
}
