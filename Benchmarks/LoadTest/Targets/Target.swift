/// What can be loaded.
package enum Target: String, CaseIterable, Encodable, Sendable {
    /// This server, by livelog.v1 and livelog.producer.v1.
    case livelog
    /// nats-server: subscribers over its WebSocket listener, the publisher over TCP.
    case nats
    /// Mosquitto: MQTT 3.1.1 over WebSocket, the publisher over TCP.
    case mosquitto
    /// The bare epoll loop of `Benchmarks/Compare/floor.c`, which only sends.
    case floor
    /// django-rest-live 0.2: its protocol for subscribers, a view of the application for the publisher.
    case restLive = "rest-live"

    /// The words of this target; the model is for Livelog.
    func dialect(model: String) -> any Dialect {
        switch self {
        case .livelog: LivelogDialect(model: model)
        case .nats: NATSDialect()
        case .mosquitto: MQTTDialect()
        case .floor: FloorDialect()
        case .restLive: RestLiveDialect()
        }
    }
}
