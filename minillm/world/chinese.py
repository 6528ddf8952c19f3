"""The Chinese phrase book (中文). Words are separated by spaces here, and joined when printed."""

import re
from collections.abc import Collection, Hashable, Iterable, Iterator
from itertools import chain, pairwise

from minillm.world.book import Book
from minillm.world.chance import END
from minillm.world.town import NUMBERS, PEOPLE

LINES = {
    # How a document opens: the genre shows at the first token.
    "opening.story": (
        "那 是 个 {day}。{number:count} 个 朋友 在 {place} 见面：",
        "一 个 {day}，{number:count} 个 朋友 在 {place} 见面：",
        "某个 {day}，{number:count} 个 朋友 在 {place} 见面：",
    ),
    "opening.talk": ("在 {place} 附近，", "离 {place} 不 远，"),
    "opening.list": ("这 是", "请 看，这 是"),
    # A story.
    "first": ("{who:job}",),
    "friend.next": ("、{who:job}",),
    "friend.last": ("和 {who:job}。",),
    "owns": (
        "{who} 有 {what:a}。",
        "{who} 带来 了 {what:a}。",
        "{who} 带着 {what:a}。",
        "{who} 得到 了 {what:a}。",
    ),
    "noon.quiet": ("大家 都 喜欢 那 {thing:m}。", "他们 聊 起 了 那 {thing:m}。"),
    "noon.gift": ("忽然，{who} 把", "笑 了 笑，{who} 把"),
    "gift": ("{who:his} {thing} 送给 了 {other}。",),
    "parting": (
        "午饭 后，大家 互相 道别。",
        "然后 就 该 走 了。",
        "不久，钟声 响 了。",
        "中午，他们 各自 上路。",
    ),
    "leaves": ("{who}",),
    "goes.alone": (
        "去 了 {place}。",
        "走到 了 {place}。",
        "跑到 了 {place}。",
        "急忙 赶到 {place}。",
    ),
    "goes.with": ("把 {who:his} {thing} 带到 了 {place}。",),
    "question.where": ("那 {thing:m} 在 哪里？", "现在 那 {thing:m} 在 哪里？"),
    "question.who": ("那 {thing:m} 是 谁 的？", "现在 那 {thing:m} 是 谁 的？"),
    "question.colour": ("那 {thing:m} 是 什么 颜色 的？",),
    "the end": (
        "傍晚，大家 都 回 家 了。",
        "真 是 愉快 的 一 天！",
        "夜里，大家 都 睡 得 很 香。",
        "故事 就 讲到 这里。",
        "然后 就 该 睡觉 了。",
    ),
    "answer.where": ("跟 {who} 一起 在 {place}。", "在 {place}。"),
    "answer.who": ("是 {who} 的。", "它 是 {who} 的。"),
    "answer.colour": ("是 {colour} 的。",),
    # A conversation.
    "meets": ("{who:job} 遇见 了", "{who:job} 碰到 了"),
    "met": ("{friend:job}。",),
    "hello": (
        "{who}：早上 好，{friend}！最近 怎么样？",
        "{who}：你好，{friend}！今天 过得 好 吗？",
        "{who}：亲爱 的 {friend}！有 什么 新鲜事 吗？",
    ),
    "news.lost": ("{friend}：我 丢 了", "{friend}：今天 我 丢 了"),
    "news.bought": ("{friend}：我 买 了", "{friend}：今天 我 买 了"),
    "lost": ("{thing}，很 {mood}。", "{thing}，我 {mood} 极了！"),
    "which": (
        "{who}：哎呀！它 是 什么 颜色 的？",
        "{who}：太 可惜 了！告诉 我 颜色 吧。",
        "{who}：真 遗憾！是 什么 颜色 的？",
    ),
    "this": ("{friend}：它 是 {colour} 的。", "{friend}：我 的 是 {colour} 的。"),
    "saw": (
        "{who}：我 在 {place} 看见 过 {what:a}。",
        "{who}：昨天 {place} 有 {what:a}。",
    ),
    "thanks": (
        "{friend}：谢谢 你，{who}！我 去 {place} 找找。",
        "{friend}：你 真 够 朋友，{who}！我 这就 去 {place}。",
    ),
    "found": (
        "（不久，{friend} 在 {place} 找到 了 {friend:his} {thing}。）",
        "（一 个 小时 后，{friend:his} {thing} 就 找 回来 了。）",
    ),
    "bought": ("{thing:a}，很 {mood}。", "{thing:a}，我 {mood} 极了！"),
    "how much": (
        "{who}：真 好！花 了 多少 钱？",
        "{who}：太 棒 了！贵 不 贵？",
        "{who}：运气 真 好！要 几 枚 金币？",
    ),
    "cost": (
        "{friend}：花 了 {price:coins}。",
        "{friend}：只要 {price:coins}。",
    ),
    "where": (
        "{who}：才 {price:coins}？哪里 能 买到 这样 的 {thing}？",
        "{who}：什么？{price:coins} 就 买到 {thing:a}？在 哪里？",
    ),
    "there": (
        "{friend}：在 {place} 就 能 买到。",
        "{friend}：去 {place} 问问 吧。",
        "{friend}：到 {place} 看看 吧。",
    ),
    "goodbye": (
        "{who}：那 我 去 {place} 看看。再见，{friend}！",
        "{who}：明天 我 就 去 {place}。回头见，{friend}！",
    ),
    # A shopping list.
    "shopper": ("{who:job} 的 购物 清单：",),
    "item.one": ("{item}",),
    "item.more": ("、{item}",),
    "item.last": ("和 {item}。",),
    "in all": ("一共 {number:count} 样 东西。", "清单 上 有 {number:count} 样 东西。"),
    "counts": (
        "从 {place} 回来，{who:he} 数 了 数 {food}：",
        "回 到 家，{who:he} 数 了 数 在 {place} 买 的 {food}：",
    ),
    "number": ("{number}{sign}",),
    "eats": (
        "然后 {who:he} 吃 了 一 {food:m}，",
        "早饭 时 {who:he} 吃 了 一 {food:m}，",
    ),
    "left.one": ("只 剩下 {rest}。",),
    "left.many": ("还 剩下 {rest}。",),
    "how many": (
        "那么，{who} 要 买 几 {food:m}？",
        "清单 上 写 着 几 {food:m}？",
    ),
    "so many": ("正好 {amount:number}。", "一共 {amount:number}。"),
    "dinner": (
        "该 做饭 了。",
        "真 是 一 顿 大餐！",
        "猫 什么 也 没 得到。",
        "厨房 里 很快 香气 扑鼻。",
    ),
}

WORDS = """
    Anna 安娜 Lily 莉莉 Rosa 罗莎 Mei 小梅 Nora 诺拉 Emma 艾玛 Lan 小兰 Alice 爱丽丝
    Tom 汤姆 Max 麦克斯 Leo 里奥 Hugo 雨果 Oscar 奥斯卡 Ming 小明 Otto 奥托 Wei 小伟

    baker 面包师 teacher 老师 doctor 医生 gardener 园丁 sailor 水手 painter 画家 musician 音乐家
    librarian 图书管理员 tailor 裁缝 farmer 农夫 pilot 飞行员 dentist 牙医 clockmaker 钟表匠
    beekeeper 养蜂人 magician 魔术师 detective 侦探

    harbour 港口 library 图书馆 bakery 面包店 station 车站 school 学校 garden 花园 market 市场
    museum 博物馆 river 河边 beach 海滩 theatre 剧院 park 公园 cafe 咖啡馆 farm 农场
    lighthouse 灯塔 bridge 桥头 hill 山顶 forest 森林

    red 红色 blue 蓝色 white 白色 black 黑色 green 绿色 yellow 黄色 brown 棕色 grey 灰色
    orange 橙色 purple 紫色 ivory 象牙色 golden 金色

    sunny 晴朗 rainy 下雨 windy 刮风 foggy 多雾 cold 寒冷 icy 冰冷 warm 温暖 snowy 下雪
    ordinary 普通 morning 早晨 afternoon 下午 evening 傍晚

    sad 难过 worried 着急 cross 生气 unhappy 郁闷 happy 开心 proud 得意 excited 兴奋 pleased 满意
    more 、 stop 。
"""

MEASURED = """
    只 cat 猫 rabbit 兔子 parrot 鹦鹉 owl 猫头鹰 tortoise 乌龟 kite 风筝
    条 dog 狗 scarf 围巾 blanket 毯子
    把 umbrella 雨伞 guitar 吉他 key 钥匙 teapot 茶壶 ukulele 尤克里里
    本 book 书 diary 日记 dictionary 词典
    个 box 盒子 ball 球 balloon 气球 clock 闹钟
    辆 bicycle 自行车 scooter 滑板车
    件 coat 外套 sweater 毛衣
    顶 hat 帽子 tent 帐篷 crown 王冠
    盏 lantern 灯笼 lamp 台灯
    封 letter 信
    张 map 地图
    支 pen 钢笔 flute 笛子 candle 蜡烛
    面 mirror 镜子 flag 旗子
    块 watch 手表
    架 accordion 手风琴
    台 camera 照相机

    个 apple 苹果 pear 梨 peach 桃子 plum 李子 tomato 西红柿 bun 包子 dumpling 饺子 sandwich 三明治
    根 banana 香蕉 carrot 胡萝卜 cucumber 黄瓜 sausage 香肠
    颗 cherry 樱桃 strawberry 草莓
    块 biscuit 饼干
    张 pancake 煎饼
"""

NOUN = dict(re.findall(r"([A-Za-z]+) (\S+)", WORDS + MEASURED))
MEASURE = {
    thing: line.split()[0] for line in MEASURED.splitlines() for thing in re.findall("[a-z]+", line)
}
NUMBER = dict(zip(NUMBERS, "一二三四五六七八九", strict=True))
COUNT = NUMBER | {2: "两"}  # two of something
NAMES = {NOUN[who] for who in PEOPLE}
SENTENCE_ENDS = {"。", "！", "？", "（"}
PRONOUN = {"he": "他", "she": "她"}


class Chinese(Book):
    """The town told in Chinese (中文)."""

    lines = LINES
    speakers: Collection[str] = NAMES  # whose lines begin anew
    little_words = ("一", "两", "的", "他", "她", "枚", "金币", *MEASURE.values())

    def spell(self, meaning: Hashable, style: str) -> list[str]:
        """The tokens for a meaning, with its measure word (个, 本, 把, ...) where it is counted."""
        match meaning, style:
            case (colour, thing), "a":
                return ["一", MEASURE[thing], NOUN[colour], "的", NOUN[thing]]
            case thing, "a":
                return ["一", MEASURE[thing], NOUN[thing]]
            case thing, "m":
                return [MEASURE[thing], NOUN[thing]]
            case (who, job), "job":
                return [NOUN[job], NOUN[who]]
            case (amount, food), "number":
                return [COUNT[amount], MEASURE[food]]
            case (int() as amount, food), "":
                return [COUNT[amount], MEASURE[food], NOUN[food]]
            case (weather, time), "":
                return [NOUN[weather], "的", NOUN[time]]
            case number, "count":
                return [COUNT[number]]
            case price, "coins":
                return [COUNT[price], "枚", "金币"]
            case who, "he":
                return [PRONOUN[PEOPLE[who]]]
            case who, "his":
                return [PRONOUN[PEOPLE[who]], "的"]
            case _, "":
                return [NUMBER[meaning] if meaning in NUMBER else NOUN[meaning]]
        raise ValueError(f"Chinese has no style {style!r} for {meaning!r}.")

    def pieces(self, tokens: Iterable[str]) -> Iterator[str]:
        """What each token adds to the text: itself, and a new line for every speaker."""
        before = ""
        for token, after in pairwise(chain(tokens, [""])):
            speaks = token in self.speakers and after == "：" and before in SENTENCE_ENDS
            new_line = "\n" if speaks or (token == "（" and before) else ""
            yield new_line + token + ("\n" if token == END else "")
            before = token

    def split(self, text: str) -> list[str]:
        """The tokens of a text: from left to right, always the longest word that fits."""
        longest_first = sorted(self.words, key=len, reverse=True)
        return re.findall("|".join([*map(re.escape, longest_first), r"\S"]), text)
