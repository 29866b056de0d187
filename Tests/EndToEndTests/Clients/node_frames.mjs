// Follows a subscription of livelog.v1 with the WebSocket of Node, and prints each message of the server as it came.
// Node has it from 22 on.

const [url, request] = process.argv.slice(2);
const subscribe = { subscribe: 1, ...JSON.parse(request) };

function connect() {
  const socket = new WebSocket(url, ["livelog.v1"]);
  socket.onopen = () => {
    if (socket.protocol !== "livelog.v1") throw new Error(`the server chose ${socket.protocol}`);
    socket.send(JSON.stringify(subscribe));
  };
  socket.onmessage = ({ data }) => {
    console.log(data);
    subscribe.from = JSON.parse(data).token ?? subscribe.from;
  };
  socket.onerror = () => {};
  socket.onclose = () => setTimeout(connect, 50);
}

connect();
