import Access
import Logging
import NIOCore
import Replication
import Sessions
import WireProtocol

/// The WebSocket of a producer.
typealias ProducerHandler = WebSocketConnection<ProducerPeer>

/// Producers behind WebSockets: their messages become submissions, by a ``ProducerConnection`` each.
struct ProducerPeer: WebSocketPeer {
    let hub: ProducerHub
    let loopHub: EventLoopHub
    let principal: Principal
    let client: ClientAddress

    var limits: WebSocketLimits {
        var limits = self.hub.limits.webSocket
        // Back-pressure is what holds a producer to its rate.
        limits.messages = nil
        limits.message = .init(byteCountMax: self.hub.limits.producer.messageByteCountMax)
        return limits
    }
    var readBuffer: ReadBuffer { self.loopHub.readBuffer }

    func open(_ connection: ProducerHandler) -> ProducerConnection {
        let producer = ProducerConnection(
            hub: self.hub, principal: self.principal, at: self.client, socket: connection,
            on: self.loopHub.eventLoop)
        self.loopHub.add(connection, producer)
        return producer
    }

    func receive(
        text message: [UInt8], from producer: ProducerConnection, _ connection: ProducerHandler
    ) {
        producer.receive(text: message)
    }

    func receive(
        binary message: [UInt8], from producer: ProducerConnection, _ connection: ProducerHandler
    ) {
        producer.receiveBinary()
    }

    func hold(_ byteCount: Int, of producer: ProducerConnection) -> Bool {
        producer.hold(byteCount)
    }

    func completeRead(_ producer: ProducerConnection) {
        producer.proceed()
    }

    func noteExcess(_ code: String) { self.hub.admission.refusals.count(code) }

    func quiesce(_ producer: ProducerConnection, _ connection: ProducerHandler) {
        producer.drain()
    }

    func becomeWritable(_ producer: ProducerConnection) {
        producer.proceed()
    }

    func leave(_ producer: ProducerConnection, _ connection: ProducerHandler) {
        self.loopHub.remove(connection)
        producer.leave()
    }
}

extension WebSocketConnection: ProducerSocket where Peer == ProducerPeer {}
