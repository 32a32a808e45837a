// The least that a live board can cost: a PATCH that saves nothing and emits one event of the usual size to one room.
import { createServer } from "node:http";
import express from "express";
import { Server } from "socket.io";

const PAYLOAD = { pipelineId: "0".repeat(24), events: [{ seq: 0, text: "x".repeat(300) }] };

const app = express();
const http = createServer(app);
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
io.on("connection", (socket) => void socket.join("room"));
let seq = 0;
app.patch("/emit", express.json(), (_request, response) => {
  seq += 1;
  PAYLOAD.events[0] = { seq, text: PAYLOAD.events[0]?.text ?? "" };
  io.to("room").emit("events", PAYLOAD);
  response.json({ status: "success", data: { seq } });
});
http.listen(0, "127.0.0.1", () => {
  const address = http.address();
  console.log(`url: http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`);
});
