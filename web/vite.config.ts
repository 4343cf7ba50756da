import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The service puts a fresh nonce where this stands in the page: the content security policy lets nothing else run.
const NONCE = '__CSP_NONCE__'

export default defineConfig({
  plugins: [react()],
  html: { cspNonce: NONCE },
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
  server: {
    proxy: { '/api': { target: process.env.ZVONAR_ADDRESS ?? 'http://127.0.0.1:8300', ws: true } },
  },
})
