//! Services of interface definitions (gRPC, Thrift) that code offers or asks for. Who has a client for a service calls
//! the one piece of the repository that offers it; with an interface definition both also stand at its piece.

use crate::link::{Offer, Offers, Origin, Place, Sketch, Target};

/// Code offers a service: `RegisterCartServer`, `class … extends CartGrpc.CartImplBase`. `service` is the name in the
/// interface definition, without its package (`Cart`).
pub(super) fn provides_service(
    sketch: &mut Sketch<'_>,
    reader: &'static str,
    origin: &Origin,
    service: &str,
    at: &Place,
) {
    sketch.offers.push(Offer {
        reader,
        origin: origin.clone(),
        form: Offers::Service,
        name: service.to_owned(),
        at: at.clone(),
    });
}

/// Code has a client for a service: `NewCartClient`, `CartGrpc.newBlockingStub`.
pub(super) fn asks_service(
    sketch: &mut Sketch<'_>,
    reader: &'static str,
    origin: &Origin,
    service: &str,
    at: &Place,
) {
    let target = Target::Service(service.to_owned());
    sketch.mention(reader, origin.clone(), target, Some("calls"), at.clone(), None);
}

/// Code registers itself under a name, which others ask a registry for.
pub(super) fn offers_name(
    sketch: &mut Sketch<'_>,
    reader: &'static str,
    origin: &Origin,
    name: &str,
    at: &Place,
) {
    sketch.offers.push(Offer {
        reader,
        origin: origin.clone(),
        form: Offers::Name,
        name: name.to_owned(),
        at: at.clone(),
    });
}
