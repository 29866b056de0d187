import NIOCore
import Replication
import Sessions
import WireProtocol

/// The WebSocket of a session.
typealias WebSocketHandler = WebSocketConnection<SubscriberPeer>

/// Sessions behind WebSockets: their messages go to the dispatcher of their event loop.
struct SubscriberPeer: WebSocketPeer {
    let hub: EventLoopHub
    let dialect: Dialect

    var limits: WebSocketLimits { self.hub.limits.webSocket }
    var readBuffer: ReadBuffer { self.hub.readBuffer }

    func open(_ connection: WebSocketHandler) -> Dispatcher.SessionID {
        self.hub.add(connection)
        self.hub.relieve()
        let session = Session(dialect: self.dialect, limits: self.hub.limits.session)
        return self.hub.dispatcher.open(session, connection: connection)
    }

    func receive(
        text message: [UInt8], from id: Dispatcher.SessionID, _ connection: WebSocketHandler
    ) {
        if self.hub.dispatcher.receive(message, from: id) { self.hub.scheduleTurn() }
        self.hub.relieve()
    }

    func receive(
        binary message: [UInt8], from id: Dispatcher.SessionID, _ connection: WebSocketHandler
    ) {
        self.hub.dispatcher.receiveBinary(from: id)
    }

    func becomeWritable(_ id: Dispatcher.SessionID) {
        if self.hub.dispatcher.becomeWritable(id) { self.hub.scheduleTurn() }
    }

    func leave(_ id: Dispatcher.SessionID, _ connection: WebSocketHandler) {
        self.hub.remove(connection)
        if self.hub.dispatcher.close(id) { self.hub.scheduleTurn() }
    }
}

extension WebSocketConnection: SessionConnection where Peer == SubscriberPeer {
    func send(_ bytes: OutboundBytes) -> Bool { self.send(bytes.bytes) }

    func authenticate(_ token: String) {}
}

extension ServerLimits {
    /// What the limits mean for one WebSocket.
    var webSocket: WebSocketLimits {
        WebSocketLimits(
            message: .init(byteCountMax: self.session.messageByteCountMax),
            socketByteCountMax: self.socketByteCountMax, closeSecondsMax: self.closeSecondsMax,
            stopSecondsMax: self.stopSecondsMax,
            quietTicksBeforePing: self.quietTicksBeforePing, quietTicksMax: self.quietTicksMax)
    }
}
