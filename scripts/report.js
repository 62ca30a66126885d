// What report.html does beyond standing there: tables that are sorted and filtered, pools on and off, every trial of a
// row, and links from a sentence to its row and from there to its trials. The page is whole without it. All it knows
// is in the element #data (bench/show/report/data.c): texts become text nodes, nothing becomes markup or code.
'use strict';
(function () {
    const data = JSON.parse(document.getElementById('data').textContent);
    const off = new Set(); // numbers of pools that are not shown
    let shown = -1; // number of the row whose trials are shown; -1: the medians of all
    let range = null; // of the axis, in ns, where it was zoomed

    // ---- elements, numbers ----
    const drawn = new Set(['svg', 'g', 'circle', 'path', 'line', 'text', 'rect']);
    function element(name, attributes, ...children) {
        const made = drawn.has(name) ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
        for (const key in attributes) made.setAttribute(key, attributes[key]);
        made.append(...children);
        return made;
    }
    function button(text, act) {
        const made = element('button', {type: 'button'}, text);
        made.addEventListener('click', act);
        return made;
    }
    function time(ns) {
        const [unit, size] = ns < 999.5 ? ['ns', 1] : ns < 999.5e3 ? ['µs', 1e3] : ns < 999.5e6 ? ['ms', 1e6] : ['s', 1e9];
        return Number((ns / size).toPrecision(3)) + ' ' + unit;
    }
    const count = (n) => n.toLocaleString('en');
    const interval = (cell) => cell.lo === null ? 'no interval' : '95 % interval ' + time(cell.lo) + ' .. ' + time(cell.hi);

    // ---- what is pointed at ----
    const tip = element('div', {id: 'tip', role: 'status', hidden: ''});
    function tell(text, x, y) {
        tip.textContent = text;
        tip.hidden = !text;
        tip.style.left = Math.max(8, Math.min(x + 12, window.innerWidth - tip.offsetWidth - 8)) + 'px';
        tip.style.top = (y + 16 + tip.offsetHeight > window.innerHeight ? y - tip.offsetHeight - 12 : y + 16) + 'px';
    }

    // ---- tables ----
    const units = {ns: 1, us: 1e3, 'µs': 1e3, ms: 1e6, s: 1e9, B: 1, KiB: 1024, MiB: 1048576, GiB: 1073741824, k: 1e3, M: 1e6, G: 1e9};
    function key(cell) {
        const text = cell.firstChild ? cell.firstChild.textContent.trim() : '';
        const found = /^([-+]?\d[\d.]*(?:e[-+]?\d+)?)\s?([a-zA-Zµ]*)/.exec(text);
        return found ? Number(found[1]) * (units[found[2]] || 1) : text;
    }
    function order(a, b) { // numbers first, what is empty last
        if (a === '' || b === '') return (a === '') - (b === '');
        if (typeof a === typeof b) return typeof a === 'number' ? a - b : a.localeCompare(b, 'en', {numeric: true});
        return typeof a === 'number' ? -1 : 1;
    }
    function sort(body, head, column) {
        const down = head.getAttribute('aria-sort') === 'ascending';
        for (const other of head.parentNode.children) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const rows = [...body.rows].map((row) => [key(row.cells[column]), row]);
        rows.sort(([a], [b]) => a === '' || b === '' ? order(a, b) : down ? order(b, a) : order(a, b));
        body.append(...rows.map(([, row]) => row));
    }
    function filter(body, text) {
        for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(text.toLowerCase().trim());
    }
    const label = (row) => row.cells[0].textContent.replace(/ &$/, '').trim();
    const columns = []; // that are a pool's: {table, column, pool}
    function table_begin(table) {
        const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
        // A row that continues the one above it stays below it.
        const loose = [...body.rows].every((row) => label(row) && row.cells[0].textContent[0] !== ' ');
        heads.forEach((head, column) => {
            const pool = data.pools.findIndex((p) => p.name === head.textContent);
            if (pool >= 0 && column) columns.push({table, column, pool});
            if (!loose || body.rows.length < 2) return;
            const by = button('', () => sort(body, head, column));
            by.append(...head.childNodes);
            if (!by.textContent) by.setAttribute('aria-label', 'Sort by this column');
            head.append(by);
        });
        if (body.rows.length > 5) {
            const field = element('input', {type: 'search', placeholder: 'Filter rows', 'aria-label': 'Filter rows'});
            field.addEventListener('input', () => filter(body, field.value));
            table.parentNode.before(field);
        }
    }

    // ---- rows: from a sentence to the table, from there to the trials ----
    function rows_link(table) {
        for (const row of table.tBodies[0].rows) {
            const number = data.rows.findIndex((r) => r.label === label(row));
            if (number < 0 || document.getElementById('row-' + number)) continue;
            row.id = 'row-' + number;
            const link = element('a', {href: '#trials', title: 'Every trial of this row'});
            link.append(...row.cells[0].childNodes);
            link.addEventListener('click', () => show(number));
            row.cells[0].append(link);
            columns.filter((c) => c.table === table).forEach((c) => {
                const cell = data.rows[number].cells.find((one) => one.pool === c.pool);
                if (cell) row.cells[c.column].title = cell_words(number, cell);
            });
        }
    }
    function row_of(sentence) {
        const leads = [sentence.split(': ')[0], (/\(([^)]*, [^)]*)\)/.exec(sentence) || ['', ''])[1]].filter(Boolean).map((lead) => lead.split(', '));
        const said = data.rows.map((row, i) => [row.label.length, i]).filter(([, i]) => sentence.includes(data.rows[i].label));
        if (said.length) return said.sort(([a], [b]) => b - a)[0][1];
        return data.rows.findIndex((row) => leads.some((lead) => lead.every((part) => row.full.split(', ').includes(part))));
    }
    function sentence_link(item) {
        const number = row_of(item.textContent);
        if (number < 0 || !document.getElementById('row-' + number)) return;
        item.append(' ', element('a', {href: '#row-' + number}, 'row'));
        const trials = element('a', {href: '#trials'}, 'trials');
        trials.addEventListener('click', () => show(number));
        item.append(' ', trials);
    }

    // ---- the plot: lanes of marks along an axis of time ----
    const cell_words = (row, cell) => data.pools[cell.pool].name + ', ' + data.rows[row].label + ': median ' + time(cell.ns) +
        ', ' + interval(cell) + ', n = ' + cell.n + (cell.failed ? ', ' + cell.failed + ' failed' : '');
    function lanes_make() {
        if (shown < 0)
            return data.rows.map((row, r) => ({
                label: row.label, go: () => show(r),
                marks: row.cells.filter((cell) => !off.has(cell.pool)).map((cell) =>
                    ({ns: cell.ns, lo: cell.lo, hi: cell.hi, pool: cell.pool, large: true, says: cell_words(r, cell), go: () => show(r)})),
            }));
        return data.rows[shown].cells.filter((cell) => !off.has(cell.pool)).map((cell) => ({
            label: data.pools[cell.pool].name,
            marks: cell.trials.map(([trial, block, ns]) =>
                ({ns, pool: cell.pool, says: data.pools[cell.pool].name + ': ' + time(ns) + ', trial ' + trial + ', block ' + block}))
                .concat([{ns: cell.ns, lo: cell.lo, hi: cell.hi, pool: cell.pool, large: true, says: cell_words(shown, cell)}]),
        }));
    }
    function tics(least, most) { // 1, 2 and 5 of every decade; of many decades 1 alone
        const found = [], steps = Math.log10(most / least) > 3 ? [1] : [1, 2, 5];
        for (let e = Math.floor(Math.log10(least)); e <= Math.log10(most); e++)
            for (const step of steps)
                if (step * 10 ** e >= least && step * 10 ** e <= most) found.push(step * 10 ** e);
        return found.length > 1 ? found : [least * 1.02, most / 1.02];
    }
    const plot = element('div', {class: 'plot', tabindex: '0', role: 'group',
        'aria-label': 'Trials: arrow keys go from mark to mark, Enter opens a row, Escape goes back'});
    let marks = [], at = -1;
    function mark_make(mark, x, y, lane) {
        const found = element('g', {class: 'p' + data.pools[mark.pool].look % 8});
        if (mark.large && mark.lo !== null) found.append(element('path', {d: 'M' + x(mark.lo) + ' ' + y + 'H' + x(mark.hi)}));
        const spread = mark.large ? 0 : ((marks.length * 7) % 11 - 5) * lane / 18; // so that equal ones are seen
        found.append(element('circle', {cx: x(mark.ns), cy: y + spread, r: mark.large ? 5 : 2.5, class: mark.large ? 'middle' : 'trial'}));
        found.addEventListener('pointermove', (event) => tell(mark.says, event.clientX, event.clientY));
        found.addEventListener('pointerleave', () => tell(''));
        if (mark.go) found.addEventListener('click', mark.go);
        marks.push({...mark, element: found});
        return found;
    }
    function draw() {
        const lanes = lanes_make(), all = lanes.flatMap((l) => l.marks).flatMap((m) => m.large && m.lo !== null ? [m.ns, m.lo, m.hi] : [m.ns]).filter((ns) => ns > 0);
        const wide = Math.max(300, plot.clientWidth || 800), lane = shown < 0 ? 28 : 40, left = wide < 560 ? 12 : Math.min(300, wide / 3);
        const above = left < 100 ? 16 : 0, high = lanes.length * (lane + above) + 34;
        const [least, most] = range || [Math.min(...all) / 1.05, Math.max(...all) * 1.05];
        const x = (ns) => left + Math.log(Math.min(Math.max(ns, least), most) / least) / Math.log(most / least) * (wide - left - 20);
        const svg = element('svg', {width: wide, height: high, viewBox: '0 0 ' + wide + ' ' + high});
        marks = []; at = -1;
        tell('');
        if (!all.length) return plot.replaceChildren('Nothing is shown: no pool is on, or no trial ended well.');
        const every = Math.ceil(tics(least, most).length * 60 / (wide - left));
        tics(least, most).forEach((ns, i) => {
            svg.append(element('line', {x1: x(ns), x2: x(ns), y1: 0, y2: high - 24, class: 'grid'}));
            if (i % every === 0) svg.append(element('text', {x: x(ns), y: high - 8, 'text-anchor': 'middle'}, time(ns)));
        });
        lanes.forEach((one, i) => {
            const y = i * (lane + above) + above + lane / 2, name = above ? {x: left, y: y - lane / 2 - 2} : {x: left - 10, y: y + 4, 'text-anchor': 'end'};
            const room = Math.floor((above ? wide : left) / 7.5);
            const text = element('text', name, one.label.length > room ? one.label.slice(0, room - 1) + '…' : one.label);
            if (one.go) text.addEventListener('click', one.go), text.setAttribute('class', 'go');
            svg.append(text, element('line', {x1: left, x2: wide - 20, y1: y, y2: y, class: 'grid'}));
            svg.append(...one.marks.filter((m) => m.ns >= least && m.ns <= most).map((m) => mark_make(m, x, y, lane)));
        });
        zoom_begin(svg, (px) => least * (most / least) ** Math.min(1, Math.max(0, (px - left) / (wide - left - 20))));
        plot.replaceChildren(svg);
    }
    function zoom_begin(svg, ns_at) {
        let from = null;
        const px = (event) => event.clientX - svg.getBoundingClientRect().left;
        svg.addEventListener('pointerdown', (event) => { from = px(event); });
        svg.addEventListener('pointerup', (event) => {
            if (from !== null && Math.abs(px(event) - from) > 20) {
                range = [ns_at(Math.min(from, px(event))), ns_at(Math.max(from, px(event)))];
                show(shown, true);
            }
            from = null;
        });
    }
    function go_on(event) {
        const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
        if (event.key === 'Escape') return show(-1);
        if (event.key === 'Enter' && at >= 0 && marks[at].go) return marks[at].go();
        if (!step || !marks.length) return undefined;
        event.preventDefault();
        if (at >= 0) marks[at].element.classList.remove('at');
        at = (at + step + marks.length) % marks.length;
        marks[at].element.classList.add('at');
        const box = marks[at].element.getBoundingClientRect();
        return tell(marks[at].says, box.right, box.bottom);
    }

    // ---- the section of the trials ----
    const words = element('p', {}), choice = element('select', {'aria-label': 'Row'}), keys = element('fieldset', {}, element('legend', {}, 'Pools'));
    const whole = button('Whole axis', () => { range = null; show(shown, true); });
    function show(row, zoomed) {
        if (!zoomed) range = null;
        shown = row;
        choice.value = String(row);
        whole.disabled = !range;
        const cells = row < 0 ? [] : data.rows[row].cells, thinned = cells.filter((cell) => cell.trials.length < cell.n);
        words.textContent = row < 0 ? 'Medians over trials with their 95 % intervals, on one logarithmic axis. A click on a row shows its trials.' :
            'Every trial that ended well is a point; large: the median with its 95 % interval.' + thinned.map((cell) =>
                ' Of ' + data.pools[cell.pool].name + ' ' + count(cell.trials.length) + ' of ' + count(cell.n) + ' trials are drawn, fastest and slowest among them.').join('');
        draw();
    }
    function pool_switch(pool, on) {
        if (on) off.delete(pool); else off.add(pool);
        for (const c of columns.filter((one) => one.pool === pool))
            for (const row of c.table.rows) if (row.cells[c.column]) row.cells[c.column].hidden = !on;
        draw();
    }
    function section_begin() {
        choice.append(element('option', {value: '-1'}, 'all rows: medians'), ...data.rows.map((row, i) => element('option', {value: i}, row.label)));
        choice.addEventListener('change', () => show(Number(choice.value)));
        data.pools.forEach((pool, i) => {
            const box = element('input', {type: 'checkbox', checked: ''});
            box.addEventListener('change', () => pool_switch(i, box.checked));
            keys.append(element('label', {class: 'p' + pool.look % 8}, box, element('i', {}), pool.name));
        });
        plot.addEventListener('keydown', go_on);
        plot.addEventListener('blur', () => tell(''));
        const section = element('section', {id: 'trials'}, element('h2', {}, 'Trials'), words, element('p', {class: 'tools'}, choice, ' ', whole), keys, plot,
            element('p', {class: 'legend'}, 'Drag along the axis to zoom; arrow keys go from mark to mark.'));
        const answer = document.querySelector('section');
        answer.after(section);
        const item = element('li', {}, element('a', {href: '#trials'}, 'Trials'));
        document.querySelector('nav li').after(item);
    }

    document.body.append(tip);
    if (data.rows.length) section_begin();
    document.querySelectorAll('table').forEach(table_begin);
    document.querySelectorAll('table').forEach(rows_link);
    document.querySelectorAll('.answer li').forEach(sentence_link);
    if (data.rows.length) show(-1);
    let width = window.innerWidth;
    window.addEventListener('resize', () => { if (window.innerWidth !== width) { width = window.innerWidth; draw(); } });
    document.documentElement.dataset.ready = 'yes';
})();
