// Lets the search run where the site is opened from the disk: browsers refuse web workers there, so the
// worker's script runs in a hidden frame instead. (The theme would fetch such a shim from a network.)
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      const inside = frame.contentWindow
      this.loaded = new Promise(resolve => { this.ready = resolve })
      window.addEventListener("from-worker", event => {
        this.dispatchEvent(new MessageEvent("message", { data: event.detail }))
      })
      inside.document.open()
      inside.document.write(
        "<script>postMessage = data => parent.dispatchEvent(new parent.CustomEvent('from-worker', { detail: data }))" +
        "<\/script><script src='" + url + "'><\/script>"
      )
      inside.document.close()
      const script = inside.document.querySelector("script[src]")
      script.addEventListener("load", this.ready)
      this.inside = inside
    }

    postMessage(data) {
      this.loaded.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })))
    }

    terminate() {}
  }
  window.Worker = window.IFrameWorker
}
