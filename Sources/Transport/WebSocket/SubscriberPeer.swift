import Access
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
    let principal: Principal
    let client: ClientAddress
    let access: AccessControl
    let admission: Admission
    let restLive: RestLiveOptions

    var limits: WebSocketLimits { self.hub.limits.webSocket }
    var readBuffer: ReadBuffer { self.hub.readBuffer }

    func open(_ connection: WebSocketHandler) -> Dispatcher.SessionID {
        self.hub.add(connection)
        self.hub.relieve()
        let session = Session(
            dialect: self.dialect, reader: self.access.reader(self.principal),
            limits: self.hub.limits.session, restLive: self.restLive)
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

    func noteExcess(_ code: String) { self.admission.refusals.count(code) }

    /// Finds out who has `token`, and lets the session be theirs: it goes on meanwhile as it was.
    func authenticate(
        _ token: String, _ id: Dispatcher.SessionID, _ connection: WebSocketHandler
    ) {
        let (access, admission, client) = (self.access, self.admission, self.client)
        let bound = NIOLoopBound((self, connection), eventLoop: self.hub.eventLoop)
        self.hub.eventLoop.makeFutureWithTask {
            try await admission.principal(
                of: Credentials(bearer: token), at: client, by: access)
        }.whenComplete { result in
            let (peer, connection) = bound.value
            // The session may be over, and its number another one's.
            guard connection.member == id else { return }
            peer.finishAuthentication(result, id, connection)
        }
    }

    private func finishAuthentication(
        _ result: Result<Principal, any Error>, _ id: Dispatcher.SessionID,
        _ connection: WebSocketHandler
    ) {
        let dispatcher = self.hub.dispatcher
        guard let before = dispatcher.reader(of: id)?.principal else { return }
        switch result {
        case .success(let principal):
            guard !before.isAuthenticated || before.isSame(as: principal) else {
                dispatcher.refuseToken(
                    "this is another user's token: a connection stays with whom it is; open another one",
                    of: id)
                return
            }
            if !before.isAuthenticated, let channel = connection.channel {
                do throws(Problem) {
                    // Where it is counts already.
                    try self.admission.enter(principal, at: ClientAddress(), on: channel)
                } catch {
                    return dispatcher.refuseToken(error.detail, of: id)
                }
            }
            _ = dispatcher.become(self.access.reader(principal), id)
            dispatcher.acceptToken(of: id)
            self.hub.scheduleTurn()
        case .failure(let error):
            let message = (error as? Problem)?.detail ?? "the token could not be looked at"
            connection.refusedTokenCount += 1
            if connection.refusedTokenCount >= self.admission.limits.refusedTokensMax {
                self.noteExcess("too-many-refused-tokens")
                return connection.close(
                    .policyViolation, reason: "too many tokens were not accepted")
            }
            dispatcher.refuseToken(message, of: id)
        }
    }

    func leave(_ id: Dispatcher.SessionID, _ connection: WebSocketHandler) {
        self.hub.remove(connection)
        if self.hub.dispatcher.close(id) { self.hub.scheduleTurn() }
    }
}

extension WebSocketConnection: SessionConnection where Peer == SubscriberPeer {
    func send(_ bytes: OutboundBytes) -> Bool { self.send(bytes.bytes) }

    func authenticate(_ token: String) {
        guard let id = self.member else { return }
        self.peer.authenticate(token, id, self)
    }
}

extension ServerLimits {
    /// What the limits mean for one WebSocket.
    var webSocket: WebSocketLimits {
        WebSocketLimits(
            message: .init(byteCountMax: self.session.messageByteCountMax),
            messages: Rate(
                self.admission.messagesPerSecond,
                burst: self.admission.messageBurst ?? self.session.subscriptionsMax + 100),
            pings: self.admission.pings,
            socketByteCountMax: self.socketByteCountMax, closeSecondsMax: self.closeSecondsMax,
            stopSecondsMax: self.stopSecondsMax,
            quietTicksBeforePing: self.quietTicksBeforePing, quietTicksMax: self.quietTicksMax)
    }
}
