// The WebSocket: frames and status come in, commands go out. It reconnects whenever it closes.

const FIRST_MS = 300;
const LONGEST_MS = 3000;
const BACK_MS = 2500;

export class Link {
  onframe = async () => {};
  onstatus = () => {};
  onconnection = () => {};
  #socket = null;
  #wait = FIRST_MS;
  #answers = new Map();
  #number = 0;
  #watching = true;
  #lost = false;
  #first = true;

  open() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws${location.search}`);
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (event) => this.#received(socket, event.data);
    socket.onclose = () => this.#closed();
  }

  // Resolves to "" or to the reason why the command failed.
  async ask(address, values) {
    return (await this.request(address, values)).error;
  }

  // Resolves to { error, replies }, each reply [address, argument...]; `onprogress` gets steps done and in all, `onpart`
  // what comes long before the end.
  request(address, values, onprogress = () => {}, onpart = () => {}) {
    if (!this.#socket) return Promise.resolve({ error: `${address} was not sent: the renderer does not answer`, replies: [] });
    const number = ++this.#number;
    this.#socket.send(JSON.stringify({ ask: number, address, values }));
    return new Promise((resolve) => this.#answers.set(number, { resolve, onprogress, onpart }));
  }

  // Frames are sent only while somebody looks.
  watch(watching) {
    this.#watching = watching;
    this.#socket?.send(JSON.stringify({ watch: watching }));
  }

  #opened(socket) {
    this.#socket = socket;
    this.#wait = FIRST_MS;
    this.#first = true;
    if (!this.#watching) this.watch(false);
    if (!this.#lost) return this.onconnection("", true);
    this.#lost = false;
    this.onconnection("The renderer is back", true);
    setTimeout(() => this.#lost || this.onconnection("", true), BACK_MS);
  }

  async #received(socket, data) {
    if (data instanceof Blob) {
      await this.onframe(data);
      if (socket.readyState === WebSocket.OPEN) socket.send('{"seen": true}');
      return;
    }
    const message = JSON.parse(data);
    if (message.status) {
      this.onstatus(message.status, this.#first);
      this.#first = false;
    }
    if ("progress" in message) this.#answers.get(message.progress)?.onprogress(message.done, message.total);
    if ("part" in message) this.#answers.get(message.part)?.onpart(message.reply);
    if ("answer" in message) this.#answered(message.answer, message.error, message.replies);
  }

  #answered(number, error, replies = []) {
    this.#answers.get(number)?.resolve({ error, replies });
    this.#answers.delete(number);
  }

  #closed() {
    this.#socket = null;
    this.#lost = true;
    for (const number of [...this.#answers.keys()]) this.#answered(number, "the renderer disconnected before it answered");
    this.onconnection("The renderer does not answer; trying again", false);
    setTimeout(() => this.open(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_MS);
  }
}
